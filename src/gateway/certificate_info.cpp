#include "gateway/certificate_info.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "gateway/certificate_names.h"

namespace sanctum::gateway {
namespace {

using std::chrono::days;
using std::chrono::sys_seconds;

std::string told_days(days count) {
  return count.count() == 1 ? "1 day" : std::to_string(count.count()) + " days";
}

}  // namespace

Certificate certificate_in(const std::string& path) {
  Certificate certificate = read_certificate(path);
  if (!certificate) throw Error(ErrorCode::kCorrupt, path + " is no certificate in PEM form");
  return certificate;
}

CertificateInfo describe_certificate(const std::string& path, X509* certificate,
                                     const std::string& advice) {
  CertificateInfo info;
  info.path = path;
  info.advice = advice;
  info.subject = subject_of(certificate);
  info.names = names_in(certificate);
  info.begin = begin_of(certificate);
  info.end = end_of(certificate);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ::X509_digest(certificate, ::EVP_sha256(), digest, &size);
  for (unsigned i = 0; i < size; ++i) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", digest[i]);
    info.sha256 += hex;
  }
  return info;
}

bool expires_soon(const CertificateInfo& info, sys_seconds now) {
  return info.end - now < kExpiresSoon;
}

bool expires_now(const CertificateInfo& info, sys_seconds now) {
  const auto tenth = (info.end - info.begin) / kExpiresNowShare;
  return info.end - now < std::min<std::chrono::seconds>(kExpiresNow, tenth) || info.end <= now;
}

std::string validity(const CertificateInfo& info, sys_seconds now) {
  const std::string another = info.advice.empty() ? "" : ": " + info.advice;
  if (!info.problem.empty()) return info.problem + another;
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
