#include "supervisor/keeper_line.h"

#include <gtest/gtest.h>

namespace sanctum::supervisor {
namespace {

TEST(KeeperLine, NoTextAddsALineOfItsOwn) {
  EXPECT_EQ(keeper_line("run boots"), "run boots\n");
  EXPECT_EQ(keeper_line("run x\nrestart\r\n\t."), "run x restart   .\n");
  EXPECT_EQ(keeper_line(std::string_view("a\0b\x7f", 4)), "a b \n");
  EXPECT_EQ(keeper_line("ä"), "ä\n");
}

TEST(KeeperLine, ALongOneIsCutSoThatItsReaderDoesNotHangUp) {
  const std::string line = keeper_line(std::string(2 * kKeeperLineBytesMax, 'x'));
  EXPECT_EQ(line.size(), kKeeperLineBytesMax);
  EXPECT_EQ(line.back(), '\n');
}

}  // namespace
}  // namespace sanctum::supervisor
