#include "platform/own_networks.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

namespace sanctum::platform {
namespace {

bool is_own(const std::string& literal) {
  sockaddr_storage storage{};
  if (literal.find(':') == std::string::npos) {
    auto& four = reinterpret_cast<sockaddr_in&>(storage);
    four.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, literal.c_str(), &four.sin_addr), 1);
  } else {
    auto& six = reinterpret_cast<sockaddr_in6&>(storage);
    six.sin6_family = AF_INET6;
    EXPECT_EQ(::inet_pton(AF_INET6, literal.c_str(), &six.sin6_addr), 1);
  }
  return is_of_own_network(reinterpret_cast<const sockaddr&>(storage));
}

TEST(OwnNetworks, LoopbackIsOneOfThem) {
  EXPECT_TRUE(is_own("127.0.0.1"));
  EXPECT_TRUE(is_own("127.3.4.5")) << "all of its network";
  EXPECT_TRUE(is_own("::ffff:127.0.0.1")) << "in whichever form";
}

TEST(OwnNetworks, AnAddressElsewhereIsNot) {
  EXPECT_FALSE(is_own("198.51.100.7")) << "of the documentation's network, which nobody is in";
  EXPECT_FALSE(is_own("2001:db8::7"));
}

TEST(OwnNetworks, WhatIsNoInternetAddressIsNotAsked) {
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_TRUE(is_of_own_network(other));
}

}  // namespace
}  // namespace sanctum::platform
