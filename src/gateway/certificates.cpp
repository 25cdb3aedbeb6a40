#include "gateway/certificates.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "gateway/certificate_list.h"
#include "gateway/certificate_names.h"
#include "gateway/own_certificates.h"
#include "gateway/server_names.h"
#include "gateway/x509.h"

namespace sanctum::gateway {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles[] = {"ca.pem",     "ca.key",     "server.pem",
                                  "server.key", "client.pem", "client.key"};
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

Certificate certify(EVP_PKEY* key, const Pair& authority, const std::vector<std::string>& names) {
  return certify_server(kOwnServer.name, key, authority, alternative_names(names));
}

void write_server(const std::string& directory, const Pair& authority,
                  const std::vector<std::string>& names) {
  const openssl::Key key = new_key();
  write(directory, "server.key", pem(key.get()));
  write(directory, "server.pem", pem(certify(key.get(), authority, names).get()));
}

void write_client(const std::string& directory, const Pair& authority) {
  const openssl::Key key = new_key();
  write(directory, "client.key", pem(key.get()));
  write(directory, "client.pem", pem(certify_client(kOwnClient.name, key.get(), authority).get()));
}

// The order is what is told by whether all are there.
void write_all(const std::string& directory, const std::vector<std::string>& given,
               const std::vector<std::string>& wanted) {
  const auto names = server_names(given, wanted);
  std::error_code ec;
  fs::create_directories(directory, ec);
  if (ec) throw Error(ErrorCode::kUnavailable, "cannot create " + directory + ": " + ec.message());
  fs::permissions(directory, fs::perms::owner_all, ec);
  for (const char* name : {"server.pem", "client.pem", "ca.pem"})
    fs::remove(path_of(directory, name), ec);
  const Pair authority = new_authority(kOwnAuthority.name);
  write(directory, "ca.key", pem(authority.key.get()));
  write(directory, "ca.pem", pem(authority.certificate.get()));
  write_client(directory, authority);
  keep_given_names(directory, given);
  write_server(directory, authority, names);
}

// Makes what is missing under the authority that is there.
void complete(const std::string& directory, const std::vector<std::string>& wanted) {
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
    write_server(directory, authority, server_names(given_names(directory), wanted));
}

[[noreturn]] void not_ours(const std::string& directory, const OwnCertificate& own) {
  throw Error(ErrorCode::kNotFound, std::string(own.file) + ".pem in " + directory +
                                        " was not made by `sanctum certs init`, or ca.key is not "
                                        "beside it: who made it has to make another");
}

// An address without the zone that is this machine's own name for a link; empty for one that means
// every address.
std::string nameable(const std::string& address) {
  const std::string plain = address.substr(0, address.find('%'));
  return plain == "0.0.0.0" || plain == "::" ? std::string() : plain;
}

// What fails here leaves certificates that serve.
template <class Action>
void or_trouble(CertificatesReady& ready, Action action) {
  try {
    action();
  } catch (const Error& error) {
    const std::string what = error.what();
    if (std::find(ready.troubles.begin(), ready.troubles.end(), what) == ready.troubles.end())
      ready.troubles.push_back(what);
  }
}

// A client's pair may be elsewhere; its key alone is what a crash has left.
bool complete_client(const std::string& directory) {
  if (!there(directory, "client.key") || there(directory, "client.pem")) return false;
  const Pair authority = read_pair(directory, "ca");
  if (authority.certificate) write_client(directory, authority);
  return authority.certificate != nullptr;
}

// False where it is not ours, or another would end no later.
bool renew(const std::string& directory, const OwnCertificate& own, const NameHolds& holds) {
  if (std::string_view(own.file) == kOwnAuthority.file) return false;
  if (const auto [pair, authority] = own_pair(directory, own); !another_ends_later(pair, authority))
    return false;
  std::string_view(own.file) == kOwnServer.file ? renew_server(directory, {}, holds)
                                                : renew_client(directory);
  return true;
}

void renew_expiring(const std::string& directory, const NameHolds& holds,
                    CertificatesReady& ready) {
  for (const auto& own : {kOwnAuthority, kOwnServer, kOwnClient}) {
    if (!there(directory, std::string(own.file) + ".pem")) continue;
    or_trouble(ready, [&] {
      auto info = describe_own(directory, own);
      if (!expires_soon(info, now_in_seconds())) return;
      bool renewed = false;
      or_trouble(ready, [&] { renewed = renew(directory, own, holds); });
      renewed ? ready.renewed.push_back(describe_own(directory, own))
              : ready.expiring.push_back(std::move(info));
    });
  }
}

// Without `name` in `names`, by any spelling.
bool lacks(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), canonical_name(name)) == names.end();
}

// Writes the server's certificate with what is in `ready.lacking`, as far as there is room.
void add_lacking(const std::string& directory, const std::vector<std::string>& wanted,
                 const NameHolds& holds, CertificatesReady& ready) {
  if (ready.lacking.empty()) return;
  const auto [server, authority] = own_pair(directory, kOwnServer);
  if (!server.certificate) return;
  const auto before = names_in(server.certificate.get());
  const auto names = server_names(given_names(directory), wanted, before, holds);
  const auto lacking = [&](const std::string& name) { return lacks(names, name); };
  if (std::all_of(ready.lacking.begin(), ready.lacking.end(), lacking)) return;
  write(directory, "server.pem", pem(certify(server.key.get(), authority, names).get()));
  std::copy_if(before.begin(), before.end(), std::back_inserter(ready.dropped), lacking);
  std::copy_if(names.begin(), names.end(), std::back_inserter(ready.added),
               [&](const std::string& name) { return lacks(before, name); });
  std::erase_if(ready.lacking, [&](const std::string& name) { return !lacking(name); });
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
  write_all(directory, given_besides({}, names), {});
}

void renew_server(const std::string& directory, const std::vector<std::string>& more,
                  const NameHolds& holds) {
  const auto [server, authority] = own_pair(directory, kOwnServer);
  if (!server.certificate) not_ours(directory, kOwnServer);
  const auto given = given_besides(given_names(directory), more);
  const auto names = server_names(given, {}, names_in(server.certificate.get()), holds);
  const Certificate made = certify(server.key.get(), authority, names);
  if (!more.empty()) keep_given_names(directory, given);
  write(directory, "server.pem", pem(made.get()));
}

void renew_client(const std::string& directory) {
  const auto [client, authority] = own_pair(directory, kOwnClient);
  if (!client.certificate) not_ours(directory, kOwnClient);
  write(directory, "client.pem",
        pem(certify_client(kOwnClient.name, client.key.get(), authority).get()));
}

CertificatesReady ready_certificates(const std::string& directory,
                                     const std::vector<std::string>& addresses,
                                     const NameHolds& holds) {
  CertificatesReady ready;
  std::vector<std::string> wanted;
  for (const auto& address : addresses)
    if (const std::string name = nameable(address); !name.empty())
      wanted.push_back(canonical_name(name));
  // Without a certificate no key was ever of use to anybody.
  const bool any = there(directory, "ca.pem") || there(directory, "server.pem") ||
                   there(directory, "client.pem");
  ready.made = !any || !have_certificates(directory);
  if (!any)
    write_all(directory, given_names(directory), wanted);
  else if (ready.made)
    complete(directory, wanted);
  else
    or_trouble(ready, [&] { ready.made = complete_client(directory); });

  const Certificate server = read_certificate(path_of(directory, "server.pem"));
  if (!server) return ready;  // who uses it says what is wrong
  for (const auto& name : wanted)
    if (!names(server.get(), name)) ready.lacking.push_back(name);
  or_trouble(ready, [&] { add_lacking(directory, wanted, holds, ready); });
  const auto still = [&](const std::string& name) { return !lacks(wanted, name) || holds(name); };
  renew_expiring(directory, still, ready);
  return ready;
}

}  // namespace sanctum::gateway
