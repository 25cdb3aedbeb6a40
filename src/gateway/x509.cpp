#include "gateway/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <initializer_list>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace sanctum::gateway {
namespace {

using openssl::Key;
using openssl::Memory;

constexpr long kDaySeconds = 24 * 3600;
constexpr long kBackdateSeconds = 3600;  // clocks of two machines may differ
constexpr std::uint64_t kPemBytesMax = 1 << 20;

void extend(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  openssl_must(extension != nullptr, value);
  const int added = ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
  openssl_must(added == 1, value);
}

struct Extension {
  int kind;
  const char* value;
};

// Signed by `issuer`, or by itself when that is null; valid until `end`.
Certificate certify(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                    std::time_t end, std::initializer_list<Extension> extensions) {
  Certificate certificate(::X509_new());
  X509* x = certificate.get();
  openssl_must(x != nullptr && ::X509_set_version(x, X509_VERSION_3) == 1, "a certificate");
  unsigned char serial[16];
  openssl_must(::RAND_bytes(serial, sizeof serial) == 1, "a serial number");
  serial[0] &= 0x7F;  // positive
  BIGNUM* number = ::BN_bin2bn(serial, sizeof serial, nullptr);
  ::BN_to_ASN1_INTEGER(number, ::X509_get_serialNumber(x));
  ::BN_free(number);
  ::X509_gmtime_adj(::X509_getm_notBefore(x), -kBackdateSeconds);
  openssl_must(::ASN1_TIME_set(::X509_getm_notAfter(x), end) != nullptr, "an end");
  openssl_must(::X509_set_pubkey(x, key) == 1, "a public key");
  X509_NAME* subject = ::X509_get_subject_name(x);
  openssl_must(::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                            reinterpret_cast<const unsigned char*>(name.c_str()),
                                            -1, -1, 0) == 1,
               "a name");
  X509* signer = issuer == nullptr ? x : issuer;
  openssl_must(::X509_set_issuer_name(x, ::X509_get_subject_name(signer)) == 1, "an issuer");
  for (const auto& extension : extensions) extend(x, signer, extension.kind, extension.value);
  openssl_must(::X509_sign(x, issuer_key, ::EVP_sha256()) > 0, "a signature");
  return certificate;
}

std::time_t in_days(int days) {
  return std::time(nullptr) + days * kDaySeconds;
}

// Nobody believes a certificate for longer than its authority.
std::time_t end_under(const Pair& authority) {
  const auto last = std::chrono::system_clock::to_time_t(end_of(authority.certificate.get()));
  return std::min(in_days(kCertificateDays), last);
}

std::chrono::sys_seconds seconds_of(const ASN1_TIME* time) {
  std::tm told{};
  openssl_must(::ASN1_TIME_to_tm(time, &told) == 1, "a time");
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&told)));
}

Key read_key(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return nullptr;
  const std::string text = read_file(path, kPemBytesMax);
  const Memory memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return Key(::PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
}

}  // namespace

void openssl_must(bool fine, const char* what) {
  if (fine) return;
  char reason[256] = "unknown";
  ::ERR_error_string_n(::ERR_get_error(), reason, sizeof reason);
  throw Error(ErrorCode::kInternal,
              std::string("cannot make certificates: ") + what + ": " + reason);
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string pem(X509* certificate) {
  const Memory memory(::BIO_new(::BIO_s_mem()));
  openssl_must(::PEM_write_bio_X509(memory.get(), certificate) == 1, "writing a certificate");
  return text_of(memory.get());
}

std::string pem(EVP_PKEY* key) {
  const Memory memory(::BIO_new(::BIO_s_mem()));
  openssl_must(
      ::PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "writing a key");
  return text_of(memory.get());
}

Key new_key() {
  Key key(::EVP_EC_gen("P-256"));
  openssl_must(key != nullptr, "a key");
  return key;
}

Pair new_authority(const std::string& name) {
  Key key = new_key();
  Certificate certificate = certify(name, key.get(), nullptr, key.get(), in_days(kAuthorityDays),
                                    {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                     {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                     {NID_subject_key_identifier, "hash"}});
  return {std::move(certificate), std::move(key)};
}

Certificate certify_server(const std::string& name, EVP_PKEY* key, const Pair& authority,
                           const std::string& names) {
  return certify(name, key, authority.certificate.get(), authority.key.get(), end_under(authority),
                 {{NID_basic_constraints, "critical,CA:FALSE"},
                  {NID_key_usage, "critical,digitalSignature"},
                  {NID_ext_key_usage, "serverAuth"},
                  {NID_subject_key_identifier, "hash"},
                  {NID_authority_key_identifier, "keyid"},
                  {NID_subject_alt_name, names.c_str()}});
}

Certificate certify_client(const std::string& name, EVP_PKEY* key, const Pair& authority) {
  return certify(name, key, authority.certificate.get(), authority.key.get(), end_under(authority),
                 {{NID_basic_constraints, "critical,CA:FALSE"},
                  {NID_key_usage, "critical,digitalSignature"},
                  {NID_ext_key_usage, "clientAuth"},
                  {NID_subject_key_identifier, "hash"},
                  {NID_authority_key_identifier, "keyid"}});
}

Certificate read_certificate(const std::string& path) {
  auto all = read_certificates(path);
  return all.empty() ? nullptr : std::move(all.front());
}

std::vector<Certificate> read_certificates(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  const std::string text = read_file(path, kPemBytesMax);
  const Memory memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::vector<Certificate> all;
  while (Certificate one{::PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)})
    all.push_back(std::move(one));
  ::ERR_clear_error();  // of the end
  return all;
}

Pair read_pair(const std::string& directory, const std::string& name) {
  const std::string path = (std::filesystem::path(directory) / name).string();
  Pair pair{read_certificate(path + ".pem"), read_key(path + ".key")};
  if (!pair.certificate || !pair.key ||
      ::X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1)
    return {};
  return pair;
}

bool signed_by(X509* certificate, X509* authority) {
  const bool is = ::X509_verify(certificate, ::X509_get0_pubkey(authority)) == 1;
  ::ERR_clear_error();  // that it is not is no error
  return is;
}

std::string common_name(X509* certificate) {
  char text[128] = "";
  ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate), NID_commonName, text,
                              sizeof text);
  return text;
}

std::string subject_of(X509* certificate) {
  const Memory out(::BIO_new(::BIO_s_mem()));
  if (!out) return {};
  ::X509_NAME_print_ex(out.get(), ::X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  return text_of(out.get());
}

std::chrono::sys_seconds begin_of(X509* certificate) {
  return seconds_of(::X509_get0_notBefore(certificate));
}

std::chrono::sys_seconds end_of(X509* certificate) {
  return seconds_of(::X509_get0_notAfter(certificate));
}

}  // namespace sanctum::gateway
