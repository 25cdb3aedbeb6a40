#include "probes/expectation.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::probes {
namespace {

Expectation expect(const std::string& json) {
  const json::Document document(json);
  return decode_expectation(document.root());
}
client::Answer says(const std::string& content) {
  client::Answer answer;
  answer.content = content;
  return answer;
}
client::Answer calls(const std::string& name, const std::string& arguments) {
  client::Answer answer;
  answer.tool_calls.push_back({"id", name, arguments});
  return answer;
}

TEST(Expectation, Contains) {
  const auto red = expect(R"({"contains":"red"})");
  EXPECT_TRUE(met(red, says("It is Red.")));
  EXPECT_FALSE(met(red, says("blue")));
  EXPECT_FALSE(met(red, says("")));
}

TEST(Expectation, Equals) {
  const auto nonce = expect(R"({"equals":"x7Kq"})");
  EXPECT_TRUE(met(nonce, says(" x7Kq\n")));
  EXPECT_FALSE(met(nonce, says("x7kq")));
  EXPECT_FALSE(met(nonce, says("x7Kq.")));
}

TEST(Expectation, LastNumber) {
  const auto five = expect(R"({"last_number":5})");
  for (const char* text : {"5", "2 + 3 = 5.", "The answer is **5**", "5.0"}) {
    EXPECT_TRUE(met(five, says(text))) << text;
  }
  for (const char* text : {"", "none", "5 or 6", "-5", "15", "5.5", "0.5"}) {
    EXPECT_FALSE(met(five, says(text))) << text;
  }
}

TEST(Expectation, LastNumberInText) {
  EXPECT_EQ(last_number("it is -12."), -12.0);
  EXPECT_EQ(last_number("7-5"), 5.0);
  EXPECT_EQ(last_number("from 3.25 on"), 3.25);
  EXPECT_EQ(last_number("no"), std::nullopt);
}

TEST(Expectation, ToolCallComparesValuesNotSpelling) {
  const auto call =
      expect(R"({"tool":{"name":"get_weather","arguments":{"city":"Rome","days":1}}})");
  EXPECT_TRUE(met(call, calls("get_weather", R"({ "days": 1.0, "city": "Rome" })")));
  EXPECT_FALSE(met(call, calls("get_weather", R"({"city":"Rome"})")));
  EXPECT_FALSE(met(call, calls("get_weather", R"({"city":"Rome","days":1,"x":2})")));
  EXPECT_FALSE(met(call, calls("get_weather", R"({"city":"Paris","days":1})")));
  EXPECT_FALSE(met(call, calls("weather", R"({"city":"Rome","days":1})")));
  EXPECT_FALSE(met(call, calls("get_weather", "not json")));
  EXPECT_FALSE(met(call, says("get_weather")));
  auto twice = calls("get_weather", R"({"city":"Rome","days":1})");
  twice.tool_calls.push_back(twice.tool_calls[0]);
  EXPECT_FALSE(met(call, twice));
}

TEST(Expectation, AFailedAnswerMeetsNothing) {
  auto answer = says("red");
  answer.failure = "HTTP 500";
  EXPECT_FALSE(met(expect(R"({"contains":"red"})"), answer));
  EXPECT_EQ(described(answer), "HTTP 500");
}

TEST(Expectation, MalformedOnesAreNamed) {
  for (const char* bad :
       {"{}", R"({"contains":"a","equals":"b"})", R"({"contains":1})", R"({"last_number":"5"})",
        R"({"tool":{"name":"x"}})", R"({"like":"x"})"}) {
    EXPECT_THROW(expect(bad), Error) << bad;
  }
}

TEST(Expectation, DescribedForPeople) {
  EXPECT_EQ(described(expect(R"({"contains":"a"})")), "contains \"a\"");
  EXPECT_EQ(described(expect(R"({"last_number":5})")), "ends in 5");
  EXPECT_EQ(described(calls("f", "{}")), "calls f({})");
  EXPECT_EQ(described(says("")), "\"\"");
}

}  // namespace
}  // namespace sanctum::probes
