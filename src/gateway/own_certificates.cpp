#include "gateway/own_certificates.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace sanctum::gateway {
namespace {

constexpr const char* kTheirs = "who made it has to make another";

std::string another(const std::string& command) {
  return "`" + command + "` makes another";
}

bool is_authority(const OwnCertificate& own) {
  return std::string_view(own.file) == kOwnAuthority.file;
}

// Of one that the authority in the directory signed, or is to sign.
std::string advice_under_authority(const std::string& directory, const std::string& command,
                                   X509* certificate) {
  const Certificate authority = read_certificate(directory + "/ca.pem");
  std::error_code ignored;
  if (!authority || !std::filesystem::exists(directory + "/ca.key", ignored)) return kTheirs;
  if (signed_by(certificate, authority.get()) && end_of(certificate) >= end_of(authority.get()))
    return std::string("it ends with its authority: `") + kOwnAuthority.command +
           "` makes both anew, and then devices have to be given theirs anew";
  return another(command);
}

}  // namespace

std::pair<Pair, Pair> own_pair(const std::string& directory, const OwnCertificate& own) {
  Pair authority = read_pair(directory, kOwnAuthority.file), pair = read_pair(directory, own.file);
  const bool made = authority.certificate && pair.certificate &&
                    common_name(authority.certificate.get()) == kOwnAuthority.name &&
                    common_name(pair.certificate.get()) == own.name &&
                    signed_by(pair.certificate.get(), authority.certificate.get());
  if (!made) return {};
  return {std::move(pair), std::move(authority)};
}

bool another_ends_later(const Pair& pair, const Pair& authority) {
  return pair.certificate && end_of(pair.certificate.get()) < end_of(authority.certificate.get());
}

bool start_renews(const std::string& directory, const OwnCertificate& own) {
  if (is_authority(own) || ::access(directory.c_str(), W_OK | X_OK) != 0) return false;
  try {
    const auto [pair, authority] = own_pair(directory, own);
    return another_ends_later(pair, authority);
  } catch (const Error&) {
    return false;
  }
}

std::string renewal_advice(const std::string& directory, const OwnCertificate& own,
                           X509* certificate) {
  if (common_name(certificate) != own.name) return kTheirs;
  if (is_authority(own)) return another(own.command);
  const Certificate authority = read_certificate(directory + "/ca.pem");
  if (!authority || common_name(authority.get()) != kOwnAuthority.name ||
      !signed_by(certificate, authority.get()))
    return kTheirs;
  return advice_under_authority(directory, own.command, certificate);
}

std::string device_renewal_advice(const std::string& directory, const std::string& device,
                                  X509* certificate) {
  return advice_under_authority(directory, "sanctum certs export --name " + device, certificate);
}

bool of_our_authority(const std::string& directory, X509* certificate) {
  const auto all = read_certificates(directory + "/ca.pem");
  return all.empty() || std::any_of(all.begin(), all.end(), [&](const auto& authority) {
           return signed_by(certificate, authority.get());
         });
}

}  // namespace sanctum::gateway
