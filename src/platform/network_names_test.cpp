#include "platform/network_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/own_address.h"
#include "platform/temporary_addresses.h"

namespace sanctum::platform {
namespace {

TEST(NetworkNames, AreThisMachinesOwnAndNoLoopback) {
  char host[257] = "";
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  const auto all = network_names(true);
  EXPECT_THAT(all, testing::Contains(std::string(host)));
  for (const auto& name : all) {
    EXPECT_NE(name.rfind("127.", 0), 0u);
    EXPECT_NE(name, "::1");
    EXPECT_NE(name.rfind("fe80:", 0), 0u);
    const bool address = name.find_first_not_of("0123456789.") == std::string::npos ||
                         name.find(':') != std::string::npos;
    if (address) EXPECT_TRUE(is_own_address(name)) << name;
  }
  for (const auto& name : network_names(false)) EXPECT_EQ(name.find(':'), std::string::npos);
}

TEST(NetworkNames, HoldAsLongAsTheyAreThisMachines) {
  for (const auto& name : network_names(true)) EXPECT_TRUE(is_own_name(name)) << name;
  EXPECT_FALSE(is_own_name("203.0.113.7"));
  EXPECT_FALSE(is_own_name("former-container"));
}

TEST(TemporaryAddresses, AreToldByTheirFlag) {
  EXPECT_EQ(temporary_addresses_in("fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
                                   "20010db800010000a1b2c3d4e5f60718 04 40 00 01     eth0\n"
                                   "20010db80001000000fc00fffe000001 04 40 00 00     eth0\n"
                                   "20010db8000100000000000000000009 04 40 00 401     eth0\n"
                                   "nonsense\n"),
            (std::vector<std::string>{"2001:db8:1:0:a1b2:c3d4:e5f6:718", "2001:db8:1::9"}));
  EXPECT_TRUE(temporary_addresses_in("").empty());
  for (const auto& name : network_names(true))
    EXPECT_THAT(temporary_addresses(), testing::Not(testing::Contains(name)));
}

}  // namespace
}  // namespace sanctum::platform
