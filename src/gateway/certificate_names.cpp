#include "gateway/certificate_names.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include "base/error.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kNameBytesMax = 253;
constexpr int kIpv4Bytes = 4;

bool is_address(const std::string& name) {
  ASN1_OCTET_STRING* address = ::a2i_IPADDRESS(name.c_str());
  ::ASN1_OCTET_STRING_free(address);
  return address != nullptr;
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
    const ASN1_STRING* value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const unsigned char* data = ::ASN1_STRING_get0_data(value);
    const int size = ::ASN1_STRING_length(value);
    char text[INET6_ADDRSTRLEN] = "";
    if (name->type == GEN_DNS)
      all.emplace_back(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    else if (::inet_ntop(size == kIpv4Bytes ? AF_INET : AF_INET6, data, text, sizeof text))
      all.emplace_back(text);
  }
  ::GENERAL_NAMES_free(names);
  return all;
}

bool names(X509* certificate, const std::string& name) {
  if (is_address(name)) return ::X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  return ::X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr) == 1;
}

}  // namespace sanctum::gateway
