#include "gateway/certificate_info.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "gateway/certificate_names.h"
#include "gateway/device_certificate.h"
#include "gateway/x509.h"

namespace sanctum::gateway {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;
using std::chrono::sys_seconds;

std::vector<std::string> devices_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(devices_of(directory), none))
    if (entry.path().extension() == ".pem") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string told_days(days count) {
  return count.count() == 1 ? "1 day" : std::to_string(count.count()) + " days";
}

}  // namespace

CertificateInfo describe_certificate(const std::string& path, const std::string& renewal) {
  const Certificate certificate = read_certificate(path);
  if (!certificate) throw Error(ErrorCode::kCorrupt, path + " is no certificate in PEM form");
  CertificateInfo info;
  info.path = path;
  info.renewal = renewal;
  const openssl::Memory out(::BIO_new(::BIO_s_mem()));
  ::X509_NAME_print_ex(out.get(), ::X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  info.subject = text_of(out.get());
  info.names = names_in(certificate.get());
  info.begin = begin_of(certificate.get());
  info.end = end_of(certificate.get());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ::X509_digest(certificate.get(), ::EVP_sha256(), digest, &size);
  for (unsigned i = 0; i < size; ++i) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", digest[i]);
    info.sha256 += hex;
  }
  return info;
}

std::vector<CertificateInfo> describe_certificates(const std::string& directory) {
  std::vector<CertificateInfo> all;
  for (const auto& [name, renewal] : kOwnCertificates) {
    const std::string path = directory + "/" + name;
    std::error_code ignored;
    if (fs::exists(path, ignored)) all.push_back(describe_certificate(path, renewal));
  }
  if (all.empty())
    throw Error(ErrorCode::kNotFound, "there are no certificates in " + directory +
                                          "; make some with `sanctum certs init`");
  for (const auto& name : devices_in(directory))
    all.push_back(describe_certificate(devices_of(directory) + "/" + name + ".pem",
                                       "sanctum certs export --name " + name));
  return all;
}

bool expires_soon(const CertificateInfo& info, sys_seconds now) {
  return info.end - now < kExpiresSoon;
}

bool expires_now(const CertificateInfo& info, sys_seconds now) {
  const auto tenth = (info.end - info.begin) / kExpiresNowShare;
  return info.end - now < std::min<std::chrono::seconds>(kExpiresNow, tenth) || info.end <= now;
}

std::string validity(const CertificateInfo& info, sys_seconds now) {
  const std::string another = ": `" + info.renewal + "` makes another";
  if (info.end <= now)
    return "EXPIRED on " + date(info.end) + " (" +
           told_days(std::chrono::floor<days>(now - info.end)) + " ago)" + another;
  return "valid until " + date(info.end) + " (" +
         told_days(std::chrono::floor<days>(info.end - now)) + " left)" +
         (expires_soon(info, now) ? another : "");
}

std::string date(sys_seconds time) {
  const std::chrono::year_month_day day(std::chrono::floor<days>(time));
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text;
}

sys_seconds now_in_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace sanctum::gateway
