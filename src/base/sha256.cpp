#include "base/sha256.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/openssl.h"

namespace sanctum {

Sha256 sha256(std::string_view bytes) {
  Sha256 out;
  ::SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string to_hex(const Sha256& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::byte byte : digest) {
    out += kDigits[std::to_integer<unsigned>(byte) >> 4];
    out += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return out;
}

struct Sha256Hash::State {
  openssl::DigestContext context{::EVP_MD_CTX_new()};
};

Sha256Hash::Sha256Hash() : state_(std::make_unique<State>()) {
  ::EVP_DigestInit_ex(state_->context.get(), ::EVP_sha256(), nullptr);
}
Sha256Hash::~Sha256Hash() = default;

void Sha256Hash::add(std::string_view bytes) {
  ::EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

Sha256 Sha256Hash::take() {
  Sha256 out;
  ::EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(out.data()),
                       nullptr);
  return out;
}

}  // namespace sanctum
