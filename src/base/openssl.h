// OpenSSL's values, freed with their last owner.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>

#include <memory>

namespace sanctum::openssl {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free>>;

}  // namespace sanctum::openssl
