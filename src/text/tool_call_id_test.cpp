#include "text/tool_call_id.h"

#include <gtest/gtest.h>

#include <set>

namespace sanctum::text {
namespace {

TEST(ToolCallId, RepeatsAndDiffers) {
  const std::string id = tool_call_id(CallIds::kLong, "request-1", 0);
  EXPECT_EQ(id, tool_call_id(CallIds::kLong, "request-1", 0));
  EXPECT_EQ(id.size(), 29u);
  EXPECT_TRUE(id.starts_with("call_"));
  EXPECT_EQ(tool_call_id(CallIds::kShort, "request-1", 0).size(), 9u);
  std::set<std::string> seen;
  for (int request = 0; request < 100; ++request) {
    for (int index = 0; index < 10; ++index) {
      seen.insert(tool_call_id(CallIds::kLong, "request-" + std::to_string(request), index));
    }
  }
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace sanctum::text
