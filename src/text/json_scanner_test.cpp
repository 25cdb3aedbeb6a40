#include "text/json_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::text {
namespace {

using Status = JsonScanner::Status;

// Status and number of bytes read.
std::pair<Status, std::size_t> scan(std::string_view text) {
  JsonScanner scanner;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Status status = scanner.push(text[i]);
    if (status != Status::kMore) return {status, i + 1};
  }
  return {Status::kMore, text.size()};
}

TEST(JsonScanner, EndsWithTheRootsBracket) {
  for (const std::string text :
       {R"({})", R"([])", R"({"a":1})",
        R"({"a":{"b":[1,-2.5e+3,0,true,false,null,"x\"}"]}, "c":""})",
        R"( { "é\u00e9" : [ [ ] , { } ] } )", R"([0.1,1E5,-0])", R"({"a":"}{\\"})"}) {
    const std::size_t end = text.find_last_of("}]") + 1;
    EXPECT_EQ(scan(text + "tail"), std::pair(Status::kDone, end)) << text;
    EXPECT_EQ(scan(text.substr(0, end - 1)).first, Status::kMore) << text;
  }
}

TEST(JsonScanner, BreaksAtTheFirstWrongByte) {
  const std::pair<std::string_view, std::size_t> cases[] = {
      {"x", 1},           {"\"s\"", 1},        {"{a", 2},    {"{\"a\" 1", 6}, {"{\"a\":}", 6},
      {"{\"a\":1,}", 8},  {"[1,]", 4},         {"[1}", 3},   {"[01", 3},      {"[1.]", 4},
      {"[-]", 3},         {"[1e]", 4},         {"[tru]", 5}, {"[\"\\x", 4},   {"[\"\\u12g", 7},
      {"{\"a\":\"\n", 7}, {"{\"a\":1 \"b", 8}, {"[1 2", 4},  {"{,", 2},       {"['", 2}};
  for (const auto& [text, at] : cases) {
    EXPECT_EQ(scan(text), std::pair(Status::kBroken, at)) << text;
  }
}

TEST(JsonScanner, DepthIsBounded) {
  EXPECT_EQ(scan(std::string(64, '[')).first, Status::kMore);
  EXPECT_EQ(scan(std::string(65, '[')), std::pair(Status::kBroken, std::size_t{65}));
}

TEST(JsonChildren, AreRawTexts) {
  using testing::ElementsAre;
  EXPECT_THAT(json_children(R"( {"a": {"x": [1, 2]} , "b:,":"c,}" ,"d":1.50 } )"),
              ElementsAre(R"({"x": [1, 2]})", R"("c,}")", "1.50"));
  EXPECT_THAT(json_children(R"([ {"a":1}, [2,3] ,"x\"]" ])"),
              ElementsAre(R"({"a":1})", "[2,3]", R"("x\"]")"));
  EXPECT_THAT(json_children("{ }"), ElementsAre());
}

}  // namespace
}  // namespace sanctum::text
