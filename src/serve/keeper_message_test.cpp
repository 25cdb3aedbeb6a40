#include "serve/keeper_message.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"

namespace sanctum::serve {
namespace {

using namespace keeper_message;

const KeeperMessage kAll[] = {Listens{"127.0.0.1:1", "off"},
                              Ready{"http://127.0.0.1:1", {"a", "b"}, {"c"}},
                              Drains{3},
                              CannotServe{"'m' cannot be served"},
                              EngineIs{7},
                              FallbackIs{8},
                              RestartIsPlanned{},
                              RunProbe{"boots"},
                              Beat{},
                              ReplaceGateway{"it hangs"},
                              Restarting{true}};

TEST(KeeperMessage, EachIsReadAsItWasWritten) {
  static_assert(std::size(kAll) == std::variant_size_v<KeeperMessage>);
  for (const auto& message : kAll) {
    const std::string line = keeper_line(message);
    const KeeperMessage read = read_keeper_line(line);
    EXPECT_EQ(read.index(), message.index()) << line;
    EXPECT_EQ(keeper_line(read), line);
  }
}

// "alive\nreplace-gateway x" as a probe's name was a command of its own.
TEST(KeeperMessage, ATextThatHoldsALineIsOneMessage) {
  for (const char* text : {"a\nb", "a\"}\n{\"is\":\"beat\"}", "\xff\n", "\r\n\0"}) {
    const std::string line = keeper_line(RunProbe{text});
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
    EXPECT_EQ(line.back(), '\n');
    EXPECT_TRUE(std::holds_alternative<RunProbe>(read_keeper_line(line)));
  }
}

TEST(KeeperMessage, ATextThatIsTooLongIsCut) {
  const std::string line = keeper_line(ReplaceGateway{std::string(1 << 20, '\x01')});
  EXPECT_LE(line.size(), kKeeperMessageBytesMax);
  const auto read = std::get<ReplaceGateway>(read_keeper_line(line));
  EXPECT_EQ(read.reason.size(), kKeeperTextBytesMax);
}

TEST(KeeperMessage, WhatIsNoneIsRefused) {
  for (const char* line : {"", "ready", "[]", R"({"is":"other"})", R"({"is":"engine","pid":-1})",
                           R"({"is":"run"})", R"({"pid":1})"})
    EXPECT_THROW(read_keeper_line(line), Error) << line;
}

}  // namespace
}  // namespace sanctum::serve
