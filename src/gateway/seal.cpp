#include "gateway/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>
#include <vector>

#include "base/base64.h"
#include "base/invariant.h"

namespace sanctum::gateway {
namespace {

constexpr unsigned char kVersion = 1;
constexpr std::size_t kNonceBytes = 12, kTagBytes = 16, kBeforeBytes = 1 + kNonceBytes;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher cipher() {
  Cipher made(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  SANCTUM_INVARIANT(made != nullptr, "no memory for a cipher");
  return made;
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

Seal::Seal(std::string_view secret) {
  unsigned size = 0;
  SANCTUM_INVARIANT(
      EVP_Digest(secret.data(), secret.size(), key_.data(), &size, EVP_sha256(), nullptr) == 1 &&
          size == key_.size(),
      "SHA-256 does not work");
}

std::string Seal::close(std::string_view text) const {
  std::string out(kBeforeBytes + text.size() + kTagBytes, '\0');
  out[0] = static_cast<char>(kVersion);
  unsigned char* const nonce = bytes(out) + 1;
  const Cipher one = cipher();
  int written = 0, last = 0;
  const bool worked =
      RAND_bytes(nonce, kNonceBytes) == 1 &&
      EVP_EncryptInit_ex(one.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      EVP_EncryptUpdate(one.get(), bytes(out) + kBeforeBytes, &written, bytes(text),
                        static_cast<int>(text.size())) == 1 &&
      EVP_EncryptFinal_ex(one.get(), bytes(out) + kBeforeBytes + written, &last) == 1 &&
      EVP_CIPHER_CTX_ctrl(one.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes,
                          bytes(out) + kBeforeBytes + text.size()) == 1;
  SANCTUM_INVARIANT(worked, "AES-GCM does not work");
  return base64_encode(out);
}

std::optional<std::string> Seal::open(std::string_view sealed) const {
  std::optional<std::string> decoded = base64_decode(sealed);
  if (!decoded) return std::nullopt;
  std::string& raw = *decoded;
  if (raw.size() < kBeforeBytes + kTagBytes || raw[0] != static_cast<char>(kVersion))
    return std::nullopt;
  const std::size_t size = raw.size() - kBeforeBytes - kTagBytes;
  std::string text(size, '\0');
  const Cipher one = cipher();
  int written = 0, last = 0;
  const bool genuine =
      EVP_DecryptInit_ex(one.get(), EVP_aes_256_gcm(), nullptr, key_.data(), bytes(raw) + 1) == 1 &&
      EVP_DecryptUpdate(one.get(), bytes(text), &written, bytes(raw) + kBeforeBytes,
                        static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(one.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes,
                          bytes(raw) + kBeforeBytes + size) == 1 &&
      EVP_DecryptFinal_ex(one.get(), bytes(text) + written, &last) == 1;
  if (!genuine) return std::nullopt;
  return text;
}

}  // namespace sanctum::gateway
