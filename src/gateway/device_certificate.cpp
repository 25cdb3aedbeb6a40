#include "gateway/device_certificate.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "gateway/certificate_info.h"
#include "gateway/own_certificates.h"
#include "gateway/pkcs12.h"
#include "gateway/x509.h"

namespace sanctum::gateway {
namespace {

namespace fs = std::filesystem;

// It becomes a file's name too.
void check_name(const std::string& name) {
  const bool plain = name.size() <= kDeviceNameBytesMax && name.front() != '-' &&
                     name.front() != '.' &&
                     name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789.-_") == std::string::npos;
  if (!plain)
    throw Error(ErrorCode::kInvalid,
                "a device's name is up to " + std::to_string(kDeviceNameBytesMax) +
                    " letters, digits, '.', '-' and '_', as in phone or anna.laptop, not '" + name +
                    "'",
                "name");
}

void write(const std::string& path, const std::string& text) {
  write_file_atomically(path, text, 0600);
}

Pair make_device(const std::string& directory, const std::string& name, const Pair& authority) {
  if (!authority.certificate)
    throw Error(ErrorCode::kNotFound,
                "there is no ca.pem with its ca.key in " + directory +
                    " to sign a certificate for '" + name +
                    "'; `sanctum certs init` makes them where there are none");
  Pair device{nullptr, new_key()};
  device.certificate = certify_client(name, device.key.get(), authority);
  const std::string devices = devices_of(directory);
  std::error_code ec;
  fs::create_directories(devices, ec);
  if (ec) throw Error(ErrorCode::kUnavailable, "cannot create " + devices + ": " + ec.message());
  fs::permissions(devices, fs::perms::owner_all, ec);
  // A certificate comes after its key, as all of ours do.
  fs::remove(devices + "/" + name + ".pem", ec);
  write(devices + "/" + name + ".key", pem(device.key.get()));
  write(devices + "/" + name + ".pem", pem(device.certificate.get()));
  return device;
}

bool still_good(const Pair& device, const Pair& authority) {
  if (!device.certificate) return false;
  if (!authority.certificate) return true;  // who keeps its key elsewhere made it
  const auto end = end_of(device.certificate.get());
  const bool another_helps = end < end_of(authority.certificate.get());
  return signed_by(device.certificate.get(), authority.certificate.get()) &&
         (end - now_in_seconds() >= kExpiresSoon || !another_helps);
}

}  // namespace

std::string devices_of(const std::string& directory) {
  return directory + "/devices";
}

Exported export_certificate(const std::string& directory, const std::string& name) {
  if (!name.empty()) check_name(name);
  const std::string folder = name.empty() ? directory : devices_of(directory);
  const std::string file = name.empty() ? "client" : name;
  const Certificate authority = read_certificate(directory + "/ca.pem");
  Pair client = read_pair(folder, file);
  Exported exported{folder + "/" + file + ".p12", folder + "/" + file + ".pem",
                    folder + "/" + file + ".key", new_pass_phrase()};
  if (!name.empty()) {
    const Pair signer = read_pair(directory, "ca");
    if (!still_good(client, signer)) {
      client = make_device(directory, name, signer);
      exported.made = true;
    }
  }
  if (!authority || !client.certificate)
    throw Error(ErrorCode::kNotFound,
                "there is no ca.pem, or no client.pem with its client.key, in " + directory +
                    "; `sanctum certs init` makes them");
  X509* const certificate = client.certificate.get();
  const auto info =
      describe_certificate(exported.certificate, certificate,
                           name.empty() ? renewal_advice(directory, kOwnClient, certificate)
                                        : device_renewal_advice(directory, name, certificate));
  if (info.end <= now_in_seconds())
    throw Error(ErrorCode::kInvalid, info.path + ": " + validity(info, now_in_seconds()));
  const std::string label = "Sanctum " + common_name(client.certificate.get());
  write(exported.bundle, pkcs12(label, client, authority.get(), exported.pass_phrase));
  return exported;
}

}  // namespace sanctum::gateway
