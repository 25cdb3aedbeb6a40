#include "gateway/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/file.h"

namespace sanctum::gateway {
namespace {

namespace fs = std::filesystem;

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free>>;

constexpr const char* kFiles[] = {"ca.pem",     "ca.key",     "server.pem",
                                  "server.key", "client.pem", "client.key"};
constexpr long kDaySeconds = 24 * 3600;
constexpr long kBackdateSeconds = 3600;  // clocks of two processes may differ
constexpr std::uint64_t kPemBytesMax = 1 << 20;

// Every OpenSSL call here fails only when memory runs out or its input is wrong.
void check(bool fine, const char* what) {
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
  check(::PEM_write_bio_X509(memory.get(), certificate) == 1, "writing a certificate");
  return text_of(memory.get());
}

std::string pem(EVP_PKEY* key) {
  const Memory memory(::BIO_new(::BIO_s_mem()));
  check(::PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "writing a key");
  return text_of(memory.get());
}

void extend(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  check(extension != nullptr, value);
  const int added = ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
  check(added == 1, value);
}

struct Extension {
  int kind;
  const char* value;
};

// Signed by `issuer`, or by itself when that is null.
Certificate certify(const char* name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                    std::initializer_list<Extension> extensions) {
  Certificate certificate(::X509_new());
  X509* x = certificate.get();
  check(x != nullptr && ::X509_set_version(x, X509_VERSION_3) == 1, "a certificate");
  unsigned char serial[16];
  check(::RAND_bytes(serial, sizeof serial) == 1, "a serial number");
  serial[0] &= 0x7F;  // positive
  BIGNUM* number = ::BN_bin2bn(serial, sizeof serial, nullptr);
  ::BN_to_ASN1_INTEGER(number, ::X509_get_serialNumber(x));
  ::BN_free(number);
  ::X509_gmtime_adj(::X509_getm_notBefore(x), -kBackdateSeconds);
  ::X509_gmtime_adj(::X509_getm_notAfter(x), kCertificateDays * kDaySeconds);
  check(::X509_set_pubkey(x, key) == 1, "a public key");
  X509_NAME* subject = ::X509_get_subject_name(x);
  check(::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1,
        "a name");
  X509* signer = issuer == nullptr ? x : issuer;
  check(::X509_set_issuer_name(x, ::X509_get_subject_name(signer)) == 1, "an issuer");
  for (const auto& extension : extensions) extend(x, signer, extension.kind, extension.value);
  check(::X509_sign(x, issuer_key, ::EVP_sha256()) > 0, "a signature");
  return certificate;
}

Key new_key() {
  Key key(::EVP_EC_gen("P-256"));
  check(key != nullptr, "a key");
  return key;
}

}  // namespace

bool have_certificates(const std::string& directory) {
  std::error_code ignored;
  for (const char* name : {"ca.pem", "server.pem", "server.key"}) {
    if (!fs::exists(fs::path(directory) / name, ignored)) return false;
  }
  return true;
}

void make_certificates(const std::string& directory, bool force) {
  std::error_code ec;
  for (const char* name : kFiles) {
    const fs::path path = fs::path(directory) / name;
    if (!force && fs::exists(path, ec)) {
      throw Error(ErrorCode::kInvalid,
                  path.string() +
                      " is there already; `sanctum certs init --force` replaces all certificates",
                  "force");
    }
  }
  fs::create_directories(directory, ec);
  if (ec) throw Error(ErrorCode::kUnavailable, "cannot create " + directory + ": " + ec.message());
  fs::permissions(directory, fs::perms::owner_all, ec);

  const Key ca_key = new_key(), server_key = new_key(), client_key = new_key();
  const Certificate ca = certify("Sanctum local CA", ca_key.get(), nullptr, ca_key.get(),
                                 {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                  {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                  {NID_subject_key_identifier, "hash"}});
  const Certificate server = certify("localhost", server_key.get(), ca.get(), ca_key.get(),
                                     {{NID_basic_constraints, "critical,CA:FALSE"},
                                      {NID_key_usage, "critical,digitalSignature"},
                                      {NID_ext_key_usage, "serverAuth"},
                                      {NID_subject_key_identifier, "hash"},
                                      {NID_authority_key_identifier, "keyid"},
                                      {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"}});
  const Certificate client = certify("sanctum-client", client_key.get(), ca.get(), ca_key.get(),
                                     {{NID_basic_constraints, "critical,CA:FALSE"},
                                      {NID_key_usage, "critical,digitalSignature"},
                                      {NID_ext_key_usage, "clientAuth"},
                                      {NID_subject_key_identifier, "hash"},
                                      {NID_authority_key_identifier, "keyid"}});
  const auto write = [&](const char* name, const std::string& text) {
    write_file_atomically((fs::path(directory) / name).string(), text, 0600);
  };
  write("ca.key", pem(ca_key.get()));
  write("server.key", pem(server_key.get()));
  write("client.key", pem(client_key.get()));
  write("ca.pem", pem(ca.get()));
  write("server.pem", pem(server.get()));
  write("client.pem", pem(client.get()));
}

std::vector<CertificateInfo> describe_certificates(const std::string& directory) {
  std::vector<CertificateInfo> all;
  for (const char* name : {"ca.pem", "server.pem", "client.pem"}) {
    const std::string path = (fs::path(directory) / name).string();
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    const std::string text = read_file(path, kPemBytesMax);
    const Memory memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    const Certificate certificate(::PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
    if (!certificate) throw Error(ErrorCode::kCorrupt, path + " is no certificate in PEM form");
    CertificateInfo info;
    info.path = path;
    const Memory out(::BIO_new(::BIO_s_mem()));
    ::X509_NAME_print_ex(out.get(), ::X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
    info.subject = text_of(out.get());
    const Memory when(::BIO_new(::BIO_s_mem()));
    ::ASN1_TIME_print(when.get(), ::X509_get0_notAfter(certificate.get()));
    info.not_after = text_of(when.get());
    info.expired = ::X509_cmp_current_time(::X509_get0_notAfter(certificate.get())) < 0;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ::X509_digest(certificate.get(), ::EVP_sha256(), digest, &size);
    for (unsigned i = 0; i < size; ++i) {
      char hex[3];
      std::snprintf(hex, sizeof hex, "%02x", digest[i]);
      info.sha256 += hex;
    }
    all.push_back(info);
  }
  if (all.empty())
    throw Error(ErrorCode::kNotFound, "there are no certificates in " + directory +
                                          "; make some with `sanctum certs init`");
  return all;
}

}  // namespace sanctum::gateway
