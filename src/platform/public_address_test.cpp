#include "platform/public_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

namespace sanctum::platform {
namespace {

bool is_public(const std::string& text) {
  sockaddr_in6 six{};
  sockaddr_in four{};
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    return platform::is_public(reinterpret_cast<const sockaddr&>(four));
  }
  EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr), 1) << text;
  six.sin6_family = AF_INET6;
  return platform::is_public(reinterpret_cast<const sockaddr&>(six));
}

TEST(PublicAddress, OfTheInternet) {
  for (const char* text : {"1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.167.255.255",
                           "100.63.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8",
                           "2002:0808:0808::1", "64:ff9b::8.8.8.8"})
    EXPECT_TRUE(is_public(text)) << text;
}

TEST(PublicAddress, NobodysOwn) {
  for (const char* text : {"0.0.0.0",
                           "127.0.0.1",
                           "127.255.0.9",
                           "10.1.2.3",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "198.18.0.1",
                           "::",
                           "::1",
                           "fe80::1",
                           "fd00::1",
                           "fc00::1",
                           "ff02::1",
                           "2001:db8::1",
                           "2001::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "2002:7f00:0001::1",
                           "2002:a9fe:a9fe::1",
                           "64:ff9b::10.0.0.1",
                           "64:ff9b::169.254.169.254"})
    EXPECT_FALSE(is_public(text)) << text;
}

}  // namespace
}  // namespace sanctum::platform
