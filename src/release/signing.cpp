#include "release/signing.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/openssl.h"

namespace sanctum::release {
namespace {

constexpr std::uint64_t kPemBytesMax = 64 << 10;

using openssl::Key;
using openssl::Memory;
using Context = openssl::DigestContext;

std::string key_file(const std::string& directory) {
  return directory + "/release.key";
}
std::string public_file(const std::string& directory) {
  return directory + "/release.pub";
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Key read_key(const std::string& path, bool whole) {
  const std::string pem = read_file(path, kPemBytesMax);
  const Memory memory(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(whole ? ::PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr)
                : ::PEM_read_bio_PUBKEY(memory.get(), nullptr, nullptr, nullptr));
  if (!key) throw Error(ErrorCode::kCorrupt, path + " holds no key");
  return key;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

bool have_signing_key(const std::string& directory) {
  return std::filesystem::exists(key_file(directory)) &&
         std::filesystem::exists(public_file(directory));
}

void make_signing_key(const std::string& directory) {
  if (have_signing_key(directory))
    throw Error(ErrorCode::kInvalid, key_file(directory) + " is there already");
  const Key key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Memory secret(::BIO_new(::BIO_s_mem())), open(::BIO_new(::BIO_s_mem()));
  if (!key ||
      ::PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1 ||
      ::PEM_write_bio_PUBKEY(open.get(), key.get()) != 1)
    throw Error(ErrorCode::kInternal, "cannot make a signing key");
  std::filesystem::create_directories(directory);
  write_file_atomically(key_file(directory), text_of(secret.get()), 0600);
  write_file_atomically(public_file(directory), text_of(open.get()), 0600);
}

std::string sign(std::string_view text, const std::string& directory) {
  const Key key = read_key(key_file(directory), true);
  const Context context(::EVP_MD_CTX_new());
  std::size_t size = 0;
  if (::EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      ::EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1)
    throw Error(ErrorCode::kInternal, "cannot sign");
  std::string signature(size, '\0');
  if (::EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       bytes_of(text), text.size()) != 1)
    throw Error(ErrorCode::kInternal, "cannot sign");
  return base64_encode(signature);
}

bool is_signed(std::string_view text, const std::string& signature, const std::string& directory) {
  const Key key = read_key(public_file(directory), false);
  const auto raw = base64_decode(signature);
  if (!raw) return false;
  const Context context(::EVP_MD_CTX_new());
  return ::EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         ::EVP_DigestVerify(context.get(), bytes_of(*raw), raw->size(), bytes_of(text),
                            text.size()) == 1;
}

}  // namespace sanctum::release
