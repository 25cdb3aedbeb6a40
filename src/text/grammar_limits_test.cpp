#include "text/grammar_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"
#include "text/call_rules.h"
#include "text/grammar.h"

namespace sanctum::text {
namespace {

using testing::HasSubstr;

std::string refused(const std::string& schema) {
  try {
    check_schema(json::Document(schema).root());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    return error.what();
  }
  return "(accepted)";
}

std::string members(std::size_t count, const std::string& schema) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += (i > 0 ? ",\"p" : "\"p") + std::to_string(i) + "\":" + schema;
  return "{" + all + "}";
}

// Each leads to the next, the last to a number.
std::string chain(std::size_t links) {
  std::string all = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (std::size_t i = 0; i + 1 < links; ++i)
    all += "\"d" + std::to_string(i) + R"(":{"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"},";
  return all + "\"d" + std::to_string(links - 1) + R"(":{"type":"integer"}}})";
}

TEST(GrammarLimits, WhatThereIsTooMuchOfIsNamed) {
  EXPECT_THAT(refused(chain(kReferencesMax + 1)), HasSubstr("references"));
  EXPECT_EQ(refused(chain(kReferencesMax)), "(accepted)");
  const auto object = [](const std::string& key, std::size_t count) {
    return R"({"type":"array","items":[{")" + key + "\":" + members(count, "{}") + "}]}";
  };
  EXPECT_THAT(refused(object("properties", kPropertiesMax + 1)), HasSubstr("more properties"));
  EXPECT_EQ(refused(object("properties", kPropertiesMax)), "(accepted)");
  EXPECT_THAT(refused(object("patternProperties", kPatternPropertiesMax + 1)),
              HasSubstr("patternProperties"));
  EXPECT_THROW(check_lark(std::string(kLarkBytesMax + 1, 'a')), Error);
}

TEST(GrammarLimits, ALengthThatTakesTooManyStatesIsLeftOutOrRefused) {
  const json::Document document(
      R"({"properties":{"maxLength":{"type":"string","maxLength":65536,"minLength":1}}})");
  std::set<std::string> left_out;
  EXPECT_EQ(within_lengths(document.root(), false, left_out),
            R"({"properties":{"maxLength":{"type":"string","minLength":1}}})");
  EXPECT_EQ(left_out, std::set<std::string>{"maxLength"});
  EXPECT_THROW(within_lengths(document.root(), true, left_out), Error);
}

// What is within them is compiled, or refused: nothing of it takes more stack than there is.
class AtTheLimits : public testing::Test {
 protected:
  static std::string outcome(const std::string& source) {
    static const auto tokenizer = Tokenizer::load(source_directory() + "/models/smoke");
    static const GrammarVocabulary vocabulary(*tokenizer, tokenizer->end_ids(),
                                              tokenizer->vocabulary());
    try {
      return vocabulary.compile(source) ? "compiled" : "";
    } catch (const Error& error) {
      return error.what();
    }
  }
};

TEST_F(AtTheLimits, AChainOfReferences) {
  EXPECT_EQ(outcome("start: " + json_of(chain(kReferencesMax), true)), "compiled");
}

TEST_F(AtTheLimits, AnObjectOfManyProperties) {
  EXPECT_EQ(outcome("start: " + json_of(R"({"type":"object","properties":)" +
                                            members(kPropertiesMax, R"({"type":"string"})") + "}",
                                        true)),
            "compiled");
}

TEST_F(AtTheLimits, RulesThatCallEachOther) {
  std::string rules = "start: r0\n";
  int i = 0;
  for (; rules.size() + 32 < kLarkBytesMax; ++i)
    rules += "r" + std::to_string(i) + ": \"a\" r" + std::to_string(i + 1) + "\n";
  EXPECT_NE(outcome(rules + "r" + std::to_string(i) + ": \"b\"\n"), "");
  std::string tokens = "start: T0\n";
  for (i = 0; tokens.size() + 32 < kLarkBytesMax; ++i)
    tokens += "T" + std::to_string(i) + ": \"a\" T" + std::to_string(i + 1) + "\n";
  EXPECT_NE(outcome(tokens + "T" + std::to_string(i) + ": \"b\"\n"), "");
}

TEST_F(AtTheLimits, Brackets) {
  const std::size_t depth = kLarkBytesMax / 2 - 32;
  EXPECT_NE(outcome("start: " + std::string(depth, '(') + "\"a\"" + std::string(depth, ')')), "");
}

}  // namespace
}  // namespace sanctum::text
