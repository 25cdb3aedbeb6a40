#include "gateway/certificate_names.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <utility>

#include "base/error.h"
#include "gateway/http_headers.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kNameBytesMax = 253;
constexpr int kIpv4Bytes = 4, kIpv6Bytes = 16;

bool is_address(const std::string& name) {
  ASN1_OCTET_STRING* address = ::a2i_IPADDRESS(name.c_str());
  ::ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

std::string literal(const ASN1_STRING* address) {
  char text[INET6_ADDRSTRLEN] = "";
  const int size = ::ASN1_STRING_length(address);
  if (size != kIpv4Bytes && size != kIpv6Bytes) return {};
  const int family = size == kIpv4Bytes ? AF_INET : AF_INET6;
  ::inet_ntop(family, ::ASN1_STRING_get0_data(address), text, sizeof text);
  return text;
}

bool is_host_name(const std::string& name) {
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '-' &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
             "0123456789.-") == std::string::npos;
}

}  // namespace

bool is_nameable(const std::string& name) {
  return is_address(name) || is_host_name(name);
}

std::string canonical_name(const std::string& name) {
  ASN1_OCTET_STRING* address = ::a2i_IPADDRESS(name.c_str());
  if (address == nullptr) return lower_case(name);
  std::string text = literal(address);
  ::ASN1_OCTET_STRING_free(address);
  return text;
}

std::string alternative_name(const std::string& name) {
  if (is_address(name)) return "IP:" + name;
  if (is_host_name(name)) return "DNS:" + name;
  throw Error(ErrorCode::kInvalid, "'" + name + "' is neither an address nor a host name", "name");
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ",") + alternative_name(name);
  return all;
}

std::vector<std::string> names_in(X509* certificate) {
  std::vector<std::string> all;
  auto* names = static_cast<GENERAL_NAMES*>(
      ::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (name->type == GEN_IPADD) {
      if (auto address = literal(name->d.iPAddress); !address.empty())
        all.push_back(std::move(address));
      continue;
    }
    const ASN1_STRING* value = name->d.dNSName;
    all.emplace_back(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(value)),
                     static_cast<std::size_t>(::ASN1_STRING_length(value)));
  }
  ::GENERAL_NAMES_free(names);
  return all;
}

bool names(X509* certificate, const std::string& name) {
  if (is_address(name)) return ::X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  return ::X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr) == 1;
}

}  // namespace sanctum::gateway
