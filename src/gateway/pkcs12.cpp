#include "gateway/pkcs12.h"

#include <openssl/pkcs12.h>
#include <openssl/rand.h>

#include <memory>
#include <string_view>

namespace sanctum::gateway {
namespace {

constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz23456789";
constexpr std::size_t kGroups = 4, kGroupLetters = 5;

// What the keychains of macOS and iOS, Android, Windows before 10, NSS and every OpenSSL read.
// OpenSSL's own choice, AES-256 with PBKDF2 and a SHA-256 MAC, is refused by several of them as a
// wrong pass phrase. What is weak about 3DES and SHA-1 here is how fast a pass phrase can be
// guessed, and nobody guesses 99 random bits; no reader limits so few rounds.
constexpr int kCipher = NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
constexpr int kRounds = 2048;

using Bundle = std::unique_ptr<PKCS12, openssl::Free<PKCS12_free>>;

void free_stack(STACK_OF(X509) * certificates) {
  sk_X509_free(certificates);
}

}  // namespace

std::string new_pass_phrase() {
  std::string phrase;
  for (std::size_t letters = 0; letters < kGroups * kGroupLetters;) {
    unsigned char byte = 0;
    openssl_must(::RAND_bytes(&byte, 1) == 1, "a pass phrase");
    if (byte >= 256 / kLetters.size() * kLetters.size()) continue;  // each letter as likely
    if (letters > 0 && letters % kGroupLetters == 0) phrase += '-';
    phrase += kLetters[byte % kLetters.size()];
    ++letters;
  }
  return phrase;
}

std::string pkcs12(const std::string& label, const Pair& client, X509* authority,
                   const std::string& pass_phrase) {
  const std::unique_ptr<STACK_OF(X509), openssl::Free<free_stack>> authorities(sk_X509_new_null());
  openssl_must(authorities && sk_X509_push(authorities.get(), authority) > 0, "a list");
  constexpr int kNoMac = -1;
  const Bundle bundle(::PKCS12_create(pass_phrase.c_str(), label.c_str(), client.key.get(),
                                      client.certificate.get(), authorities.get(), kCipher, kCipher,
                                      kRounds, kNoMac, 0));
  openssl_must(bundle != nullptr, "a PKCS #12 file");
  openssl_must(::PKCS12_set_mac(bundle.get(), pass_phrase.c_str(), -1, nullptr, 0, kRounds,
                                ::EVP_sha1()) == 1,
               "its MAC");
  const openssl::Memory memory(::BIO_new(::BIO_s_mem()));
  openssl_must(::i2d_PKCS12_bio(memory.get(), bundle.get()) == 1, "writing a PKCS #12 file");
  return text_of(memory.get());
}

}  // namespace sanctum::gateway
