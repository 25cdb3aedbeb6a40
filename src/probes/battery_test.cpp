#include "probes/battery.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace sanctum::probes {
namespace {

TEST(Battery, TheBuiltInOneIsFiveTextFourVisionOneTool) {
  const auto questions = decode_battery(built_in_battery());
  std::map<std::string, int> kinds;
  for (const auto& question : questions) {
    ++kinds[question.kind];
    EXPECT_EQ(question.kind == "vision",
              question.messages_json.find("data:image/") != std::string::npos)
        << question.name;
    EXPECT_EQ(question.kind == "tool", !question.tools_json.empty()) << question.name;
  }
  EXPECT_EQ(kinds, (std::map<std::string, int>{{"text", 5}, {"vision", 4}, {"tool", 1}}));
}

TEST(Battery, ReadsAQuestion) {
  const auto questions = decode_battery(R"([{"name":"n","kind":"tool","messages":[{"role":"user"}],
    "tools":[{"type":"function"}],"max_tokens":7,"expect":{"contains":"x"}}])");
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].messages_json, R"([{"role":"user"}])");
  EXPECT_EQ(questions[0].tools_json, R"([{"type":"function"}])");
  EXPECT_EQ(questions[0].max_tokens, 7);
}

TEST(Battery, MalformedOnesNameThePlace) {
  const std::string good = R"({"name":"n","kind":"text","messages":[],"expect":{"contains":"x"}})";
  for (const std::string& bad :
       {std::string("[]"), std::string("{}"), "[" + good + ",{}]",
        std::string(R"([{"name":"n","kind":"sound","messages":[],"expect":{"contains":"x"}}])"),
        std::string(R"([{"name":"n","kind":"text","messages":"x","expect":{"contains":"x"}}])"),
        std::string(
            R"([{"name":"n","kind":"text","messages":[],"expect":{"contains":"x"},"y":1}])")}) {
    EXPECT_THROW(decode_battery(bad), Error) << bad;
  }
  try {
    decode_battery("[" + good +
                   R"(,{"name":"n","kind":"text","messages":[],"expect":{"contains":1}}])");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "battery[1].expect.contains");
  }
}

TEST(Battery, MarksAreCountedAndShown) {
  const std::vector<Mark> marks = {
      {"sum", "text", true, "ends in 5", "\"5\"", 12'400},
      {"red", "vision", false, "contains \"red\"", "\"a\x1B[2J\nb\"", 7}};
  EXPECT_EQ(right_count(marks), 1u);
  EXPECT_EQ(mark_line(marks[0]),
            "OK   text   sum                         12 ms  expected: ends in 5; came: \"5\"");
  EXPECT_EQ(mark_line(marks[1]).find('\x1B'), std::string::npos);
  EXPECT_EQ(mark_line(marks[1]).find('\n'), std::string::npos);
  EXPECT_EQ(marks_json("m", {marks[0]}),
            R"({"model":"m","right":1,"of":1,"marks":[{"name":"sum","kind":"text","right":true,)"
            R"("expected":"ends in 5","came":"\"5\"","took_us":12400}]})");
}

}  // namespace
}  // namespace sanctum::probes
