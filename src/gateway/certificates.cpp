#include "gateway/certificates.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "gateway/certificate_names.h"
#include "gateway/x509.h"

namespace sanctum::gateway {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles[] = {"ca.pem",     "ca.key",     "server.pem",
                                  "server.key", "client.pem", "client.key"};
constexpr const char* kAuthority = "Sanctum local CA";
constexpr const char* kServer = "localhost";
constexpr const char* kClient = "sanctum-client";
constexpr const char* kOwnNames[] = {"localhost", "127.0.0.1", "::1"};

std::string path_of(const std::string& directory, const std::string& name) {
  return (fs::path(directory) / name).string();
}

bool there(const std::string& directory, const std::string& name) {
  std::error_code ignored;
  return fs::exists(path_of(directory, name), ignored);
}

void write(const std::string& directory, const char* name, const std::string& text) {
  write_file_atomically(path_of(directory, name), text, 0600);
}

std::string own_names_and(const std::vector<std::string>& more) {
  std::vector<std::string> all(std::begin(kOwnNames), std::end(kOwnNames));
  for (const auto& name : more)
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  return alternative_names(all);
}

void write_server(const std::string& directory, const Pair& authority, const std::string& names) {
  const openssl::Key key = new_key();
  write(directory, "server.key", pem(key.get()));
  write(directory, "server.pem", pem(certify_server(kServer, key.get(), authority, names).get()));
}

void write_client(const std::string& directory, const Pair& authority) {
  const openssl::Key key = new_key();
  write(directory, "client.key", pem(key.get()));
  write(directory, "client.pem", pem(certify_client(kClient, key.get(), authority).get()));
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
  const Pair authority = new_authority(kAuthority);
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

// A pair and its authority, when all is of our making; null certificates otherwise.
std::pair<Pair, Pair> ours(const std::string& directory, const char* file, const char* name) {
  Pair authority = read_pair(directory, "ca"), pair = read_pair(directory, file);
  const bool made = authority.certificate && pair.certificate &&
                    common_name(authority.certificate.get()) == kAuthority &&
                    common_name(pair.certificate.get()) == name &&
                    signed_by(pair.certificate.get(), authority);
  if (!made) return {};
  return {std::move(pair), std::move(authority)};
}

[[noreturn]] void not_ours(const std::string& directory, const char* file) {
  throw Error(ErrorCode::kNotFound, std::string(file) + " in " + directory +
                                        " was not made by `sanctum certs init`, or ca.key is not "
                                        "beside it: who made it has to make another");
}

// An address without the zone that is this machine's own name for a link; empty for one that means
// every address.
std::string nameable(const std::string& address) {
  const std::string plain = address.substr(0, address.find('%'));
  return plain == "0.0.0.0" || plain == "::" ? std::string() : plain;
}

// Of those that end soon: whether another ends later.
bool renewable(const Pair& pair, const Pair& authority) {
  return pair.certificate && end_of(pair.certificate.get()) < end_of(authority.certificate.get());
}

void renew_expiring(const std::string& directory, CertificatesReady& ready) {
  for (const auto& [name, renewal] : kOwnCertificates) {
    const std::string path = path_of(directory, name);
    if (!read_certificate(path)) continue;  // who uses it says what is wrong
    auto info = describe_certificate(path, renewal);
    if (!expires_soon(info, now_in_seconds())) continue;
    const bool server = std::string_view(name) == "server.pem";
    const auto [pair, authority] =
        server ? ours(directory, "server", kServer) : ours(directory, "client", kClient);
    if (std::string_view(name) == "ca.pem" || !renewable(pair, authority)) {
      ready.expiring.push_back(std::move(info));
      continue;
    }
    server ? renew_server(directory) : renew_client(directory);
    ready.renewed.push_back(describe_certificate(path, renewal));
  }
}

// Takes as many as there is room for from `ready.lacking`.
void add_lacking(const std::string& directory, X509* server, CertificatesReady& ready) {
  if (ready.lacking.empty() || !ours(directory, "server", kServer).first.certificate) return;
  const std::size_t room = kServerNamesMax - std::min(kServerNamesMax, names_in(server).size());
  const auto end =
      ready.lacking.begin() + static_cast<std::ptrdiff_t>(std::min(room, ready.lacking.size()));
  ready.added.assign(ready.lacking.begin(), end);
  ready.lacking.erase(ready.lacking.begin(), end);
  if (!ready.added.empty()) renew_server(directory, ready.added);
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

void renew_server(const std::string& directory, const std::vector<std::string>& more) {
  const auto [server, authority] = ours(directory, "server", kServer);
  if (!server.certificate) not_ours(directory, "server.pem");
  auto all = names_in(server.certificate.get());
  for (const auto& name : more)
    if (!names(server.certificate.get(), name)) all.push_back(name);
  if (all.size() > kServerNamesMax)
    throw Error(ErrorCode::kInvalid,
                "server.pem would have " + std::to_string(all.size()) + " names, and " +
                    std::to_string(kServerNamesMax) +
                    " is the most; `sanctum certs init --force` begins anew",
                "name");
  const auto made = certify_server(kServer, server.key.get(), authority, alternative_names(all));
  write(directory, "server.pem", pem(made.get()));
}

void renew_client(const std::string& directory) {
  const auto [client, authority] = ours(directory, "client", kClient);
  if (!client.certificate) not_ours(directory, "client.pem");
  write(directory, "client.pem", pem(certify_client(kClient, client.key.get(), authority).get()));
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
  add_lacking(directory, server.get(), ready);
  renew_expiring(directory, ready);
  return ready;
}

}  // namespace sanctum::gateway
