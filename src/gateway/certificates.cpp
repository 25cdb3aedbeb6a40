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
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/openssl.h"

namespace sanctum::gateway {
namespace {

namespace fs = std::filesystem;

using openssl::Key;
using openssl::Memory;
using Certificate = std::unique_ptr<X509, openssl::Free<X509_free>>;

constexpr const char* kFiles[] = {"ca.pem",     "ca.key",     "server.pem",
                                  "server.key", "client.pem", "client.key"};
constexpr const char* kAuthority = "Sanctum local CA";
constexpr const char* kServer = "localhost";
constexpr const char* kClient = "sanctum-client";
constexpr const char* kOwnNames[] = {"localhost", "127.0.0.1", "::1"};
constexpr std::size_t kNameBytesMax = 253;
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

// A certificate and its key.
struct Pair {
  Certificate certificate;
  Key key;
};

std::string path_of(const std::string& directory, const std::string& name) {
  return (fs::path(directory) / name).string();
}

bool there(const std::string& directory, const std::string& name) {
  std::error_code ignored;
  return fs::exists(path_of(directory, name), ignored);
}

// Null for what is not there, or is none.
Certificate read_certificate(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return nullptr;
  const std::string text = read_file(path, kPemBytesMax);
  const Memory memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return Certificate(::PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
}

Key read_key(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return nullptr;
  const std::string text = read_file(path, kPemBytesMax);
  const Memory memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return Key(::PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
}

// Null certificates and keys for what is missing or does not belong together.
Pair read_pair(const std::string& directory, const std::string& name) {
  Pair pair{read_certificate(path_of(directory, name + ".pem")),
            read_key(path_of(directory, name + ".key"))};
  if (!pair.certificate || !pair.key ||
      ::X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1)
    return {};
  return pair;
}

bool is_address(const std::string& name) {
  ASN1_OCTET_STRING* address = ::a2i_IPADDRESS(name.c_str());
  ::ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

bool names(X509* certificate, const std::string& name) {
  if (is_address(name)) return ::X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  return ::X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr) == 1;
}

bool has_common_name(X509* certificate, const std::string& name) {
  char text[64] = "";
  ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate), NID_commonName, text,
                              sizeof text);
  return name == text;
}

// As OpenSSL's configuration writes a name: what is checked here cannot say anything else.
std::string alternative_name(const std::string& name) {
  if (is_address(name)) return "IP:" + name;
  const bool plain = !name.empty() && name.size() <= kNameBytesMax && name.front() != '-' &&
                     name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789.-") == std::string::npos;
  if (!plain)
    throw Error(ErrorCode::kInvalid, "'" + name + "' is neither an address nor a host name",
                "name");
  return "DNS:" + name;
}

// The names of a certificate of ours, as OpenSSL's configuration writes them.
std::string alternative_names(X509* certificate) {
  std::string all;
  auto* names = static_cast<GENERAL_NAMES*>(
      ::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    const Memory out(::BIO_new(::BIO_s_mem()));
    if (name->type == GEN_DNS)
      all += ",DNS:" + std::string(reinterpret_cast<const char*>(name->d.dNSName->data),
                                   static_cast<std::size_t>(name->d.dNSName->length));
    if (name->type != GEN_IPADD) continue;
    // "IP Address:127.0.0.1"
    ::GENERAL_NAME_print(out.get(), const_cast<GENERAL_NAME*>(name));
    const std::string text = text_of(out.get());
    all += ",IP:" + text.substr(text.find(':') + 1);
  }
  ::GENERAL_NAMES_free(names);
  return all.empty() ? all : all.substr(1);
}

Pair new_authority() {
  Key key = new_key();
  Certificate certificate = certify(kAuthority, key.get(), nullptr, key.get(),
                                    {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                     {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                     {NID_subject_key_identifier, "hash"}});
  return {std::move(certificate), std::move(key)};
}

Certificate certify_server(EVP_PKEY* key, const Pair& authority, const std::string& names) {
  return certify(kServer, key, authority.certificate.get(), authority.key.get(),
                 {{NID_basic_constraints, "critical,CA:FALSE"},
                  {NID_key_usage, "critical,digitalSignature"},
                  {NID_ext_key_usage, "serverAuth"},
                  {NID_subject_key_identifier, "hash"},
                  {NID_authority_key_identifier, "keyid"},
                  {NID_subject_alt_name, names.c_str()}});
}

Certificate certify_client(EVP_PKEY* key, const Pair& authority) {
  return certify(kClient, key, authority.certificate.get(), authority.key.get(),
                 {{NID_basic_constraints, "critical,CA:FALSE"},
                  {NID_key_usage, "critical,digitalSignature"},
                  {NID_ext_key_usage, "clientAuth"},
                  {NID_subject_key_identifier, "hash"},
                  {NID_authority_key_identifier, "keyid"}});
}

void write(const std::string& directory, const char* name, const std::string& text) {
  write_file_atomically(path_of(directory, name), text, 0600);
}

std::string own_names_and(const std::vector<std::string>& more) {
  std::string all;
  for (const char* name : kOwnNames) all += (all.empty() ? "" : ",") + alternative_name(name);
  for (const auto& name : more) all += "," + alternative_name(name);
  return all;
}

void write_server(const std::string& directory, const Pair& authority, const std::string& names) {
  const Key key = new_key();
  write(directory, "server.key", pem(key.get()));
  write(directory, "server.pem", pem(certify_server(key.get(), authority, names).get()));
}

void write_client(const std::string& directory, const Pair& authority) {
  const Key key = new_key();
  write(directory, "client.key", pem(key.get()));
  write(directory, "client.pem", pem(certify_client(key.get(), authority).get()));
}

// The order is what half_made() tells by.
void write_all(const std::string& directory, const std::vector<std::string>& names) {
  std::error_code ec;
  fs::create_directories(directory, ec);
  if (ec) throw Error(ErrorCode::kUnavailable, "cannot create " + directory + ": " + ec.message());
  fs::permissions(directory, fs::perms::owner_all, ec);
  const std::string all_names = own_names_and(names);
  for (const char* name : {"server.pem", "client.pem", "ca.pem"})
    fs::remove(path_of(directory, name), ec);
  const Pair authority = new_authority();
  write(directory, "ca.key", pem(authority.key.get()));
  write(directory, "ca.pem", pem(authority.certificate.get()));
  write_client(directory, authority);
  write_server(directory, authority, all_names);
}

// Makes what is missing under the authority that is there.
void complete(const std::string& directory, const std::vector<std::string>& names) {
  const Pair authority = read_pair(directory, "ca");
  if (!authority.certificate) {
    std::string missing;
    for (const char* name : {"ca.pem", "ca.key", "server.pem", "server.key"})
      if (!there(directory, name)) missing += (missing.empty() ? "" : ", ") + std::string(name);
    throw Error(
        ErrorCode::kCorrupt,
        "the certificates in " + directory + " are not whole (" +
            (missing.empty() ? "ca.key does not belong to ca.pem" : "there is no " + missing) +
            ") and cannot be completed; put the files back, or run `sanctum certs init "
            "--force`, which replaces them all, also those that clients use");
  }
  if (!there(directory, "client.pem")) write_client(directory, authority);
  if (!there(directory, "server.pem") || !there(directory, "server.key"))
    write_server(directory, authority, own_names_and(names));
}

// Whether a part is missing that write_all() would have written; a client's pair may be elsewhere.
bool half_made(const std::string& directory) {
  return !have_certificates(directory) ||
         (there(directory, "client.key") && !there(directory, "client.pem") &&
          read_pair(directory, "ca").certificate);
}

// The server's pair and its authority, when all is of our making; null certificates otherwise.
std::pair<Pair, Pair> our_server(const std::string& directory) {
  Pair authority = read_pair(directory, "ca"), server = read_pair(directory, "server");
  const bool ours = authority.certificate && server.certificate &&
                    has_common_name(authority.certificate.get(), kAuthority) &&
                    has_common_name(server.certificate.get(), kServer) &&
                    ::X509_verify(server.certificate.get(), authority.key.get()) == 1;
  if (!ours) return {};
  return {std::move(server), std::move(authority)};
}

// An address without the zone that is this machine's own name for a link; empty for one that means
// every address.
std::string nameable(const std::string& address) {
  const std::string plain = address.substr(0, address.find('%'));
  return plain == "0.0.0.0" || plain == "::" ? std::string() : plain;
}

}  // namespace

bool have_certificates(const std::string& directory) {
  for (const char* name : {"ca.pem", "server.pem", "server.key"})
    if (!there(directory, name)) return false;
  return true;
}

void make_certificates(const std::string& directory, bool force,
                       const std::vector<std::string>& names) {
  for (const char* name : kFiles) {
    if (force || !there(directory, name)) continue;
    throw Error(ErrorCode::kInvalid,
                path_of(directory, name) +
                    " is there already; `sanctum certs init --force` replaces all certificates",
                "force");
  }
  write_all(directory, names);
}

void name_server(const std::string& directory, const std::vector<std::string>& more) {
  const auto [server, authority] = our_server(directory);
  if (!server.certificate)
    throw Error(
        ErrorCode::kNotFound,
        "the server's certificate in " + directory +
            " was not made by `sanctum certs init`, or ca.key is not beside it: who made it "
            "has to add names to it");
  std::string names = alternative_names(server.certificate.get());
  for (const auto& name : more)
    if (!gateway::names(server.certificate.get(), name)) names += "," + alternative_name(name);
  write(directory, "server.pem", pem(certify_server(server.key.get(), authority, names).get()));
}

CertificatesReady ready_certificates(const std::string& directory,
                                     const std::vector<std::string>& addresses) {
  CertificatesReady ready;
  std::vector<std::string> wanted;
  for (const auto& address : addresses)
    if (const std::string name = nameable(address); !name.empty()) wanted.push_back(name);
  // Without a certificate no key was ever of use to anybody.
  const bool any = there(directory, "ca.pem") || there(directory, "server.pem") ||
                   there(directory, "client.pem");
  ready.made = !any || half_made(directory);
  if (!any)
    write_all(directory, wanted);
  else if (ready.made)
    complete(directory, wanted);

  const Certificate server = read_certificate(path_of(directory, "server.pem"));
  if (!server) return ready;  // who uses it says what is wrong
  for (const auto& name : wanted)
    if (!names(server.get(), name)) ready.lacking.push_back(name);
  if (ready.lacking.empty() || !our_server(directory).first.certificate) return ready;
  name_server(directory, ready.lacking);
  ready.added.swap(ready.lacking);
  return ready;
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
