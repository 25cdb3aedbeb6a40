#include "gateway/certificate_list.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "gateway/device_certificate.h"
#include "gateway/x509.h"

namespace sanctum::gateway {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNotLetIn = "of another authority than ca.pem: no longer let in";

std::vector<std::string> devices_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(devices_of(directory), none))
    if (entry.path().extension() == ".pem") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string path_of(const std::string& directory, const OwnCertificate& own) {
  return directory + "/" + own.file + ".pem";
}

CertificateInfo describe_device(const std::string& directory, const std::string& device) {
  const std::string path = devices_of(directory) + "/" + device + ".pem";
  const Certificate certificate = certificate_in(path);
  auto info = describe_certificate(path, certificate.get(),
                                   device_renewal_advice(directory, device, certificate.get()));
  if (!of_our_authority(directory, certificate.get())) info.problem = kNotLetIn;
  return info;
}

// One that cannot be read is no reason to say nothing of the others.
CertificateInfo with_problem(const std::string& path,
                             const std::function<CertificateInfo()>& describe) {
  try {
    return describe();
  } catch (const Error& error) {
    CertificateInfo info;
    info.path = path;
    info.problem = error.what();
    return info;
  }
}

}  // namespace

CertificateInfo describe_own(const std::string& directory, const OwnCertificate& own) {
  const std::string path = path_of(directory, own);
  Certificate certificate = certificate_in(path);
  if (std::string_view(own.file) == kOwnAuthority.file) {
    for (auto& other : read_certificates(path))
      if (end_of(other.get()) > end_of(certificate.get())) certificate = std::move(other);
  }
  return describe_certificate(path, certificate.get(),
                              renewal_advice(directory, own, certificate.get()));
}

std::vector<CertificateInfo> describe_certificates(const std::string& directory) {
  std::vector<CertificateInfo> all;
  for (const auto& own : {kOwnAuthority, kOwnServer, kOwnClient}) {
    const std::string path = path_of(directory, own);
    std::error_code ignored;
    if (fs::exists(path, ignored))
      all.push_back(with_problem(path, [&] { return describe_own(directory, own); }));
  }
  if (all.empty())
    throw Error(ErrorCode::kNotFound, "there are no certificates in " + directory +
                                          "; make some with `sanctum certs init`");
  for (const auto& name : devices_in(directory))
    all.push_back(with_problem(devices_of(directory) + "/" + name + ".pem",
                               [&] { return describe_device(directory, name); }));
  return all;
}

}  // namespace sanctum::gateway
