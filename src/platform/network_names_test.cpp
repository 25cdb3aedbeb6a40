#include "platform/network_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/own_address.h"

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

}  // namespace
}  // namespace sanctum::platform
