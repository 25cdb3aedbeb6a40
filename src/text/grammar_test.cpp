#include "text/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::text {
namespace {

using testing::HasSubstr;

class GrammarTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    tokenizer_ = Tokenizer::load(source_directory() + "/models/smoke");
    vocabulary_ = std::make_unique<GrammarVocabulary>(*tokenizer_, tokenizer_->end_ids(),
                                                      tokenizer_->vocabulary());
  }
  static void TearDownTestSuite() {
    vocabulary_.reset();
    tokenizer_.reset();
  }

  // Whether the text, in the tokenizer's own tokens, may be all of an answer.
  static bool accepts(const std::string& source, const std::string& text) {
    const auto state = vocabulary_->compile(source)->begin();
    const auto ids = tokenizer_->encode(text, false);
    return state->take(ids) == ids.size() && state->may_end();
  }
  static bool allows(const std::vector<std::uint32_t>& mask, int id) {
    const auto at = static_cast<std::size_t>(id);
    return (mask[at / 32] >> (at % 32) & 1u) != 0;
  }
  static std::string refused(const std::string& source) {
    try {
      vocabulary_->compile(source);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalid);
      return error.what();
    }
    return "(accepted)";
  }

  static std::shared_ptr<const Tokenizer> tokenizer_;
  static std::unique_ptr<GrammarVocabulary> vocabulary_;
};
std::shared_ptr<const Tokenizer> GrammarTest::tokenizer_;
std::unique_ptr<GrammarVocabulary> GrammarTest::vocabulary_;

TEST_F(GrammarTest, ASchemaBindsWhatItSays) {
  const std::string schema =
      R"(start: %json {"type":"object","properties":{"a":{"type":"integer"},"b":{"enum":["x","y"]}},"required":["a"],"additionalProperties":false})";
  EXPECT_TRUE(accepts(schema, R"({"a": 17, "b": "y"})"));
  EXPECT_TRUE(accepts(schema, R"({"a":1})"));
  EXPECT_FALSE(accepts(schema, R"({"a":1)")) << "it is not whole";
  EXPECT_FALSE(accepts(schema, R"({"b":"x"})"));
  EXPECT_FALSE(accepts(schema, R"({"a":1.5})"));
  EXPECT_FALSE(accepts(schema, R"({"a":1,"c":2})"));
}

// Whatever is drawn by the masks is in the grammar, token by token to an end.
TEST_F(GrammarTest, WhatIsDrawnByTheMasksIsWhole) {
  const auto grammar = vocabulary_->compile(R"(start: "yes" | "no, " /[a-c]{2}/)");
  for (unsigned choice = 0; choice < 40; ++choice) {
    const auto state = grammar->begin();
    std::string text;
    for (unsigned steps = 0;; ++steps) {
      ASSERT_LT(steps, 20u);
      const auto mask = state->mask();
      std::vector<int> open;
      for (int id = 0; id < tokenizer_->vocabulary(); ++id)
        if (allows(mask, id)) open.push_back(id);
      ASSERT_FALSE(open.empty());
      const int id = open[(choice * 7 + steps * 3) % open.size()];
      const auto& ends = tokenizer_->end_ids();
      if (std::find(ends.begin(), ends.end(), id) != ends.end()) break;
      ASSERT_EQ(state->take({&id, 1}), std::size_t{1});
      text += tokenizer_->token_bytes(id);
    }
    EXPECT_THAT(text, testing::MatchesRegex("yes|no, [a-c][a-c]"));
  }
}

TEST_F(GrammarTest, OnlyTheEndFollowsWhatIsComplete) {
  const auto state = vocabulary_->compile(R"(start: "yes")")->begin();
  const auto ids = tokenizer_->encode("yes", false);
  ASSERT_EQ(state->take(ids), ids.size());
  EXPECT_TRUE(state->may_end());
  const auto mask = state->mask();
  for (int id = 0; id < tokenizer_->vocabulary(); ++id) {
    const auto& ends = tokenizer_->end_ids();
    EXPECT_EQ(allows(mask, id), std::find(ends.begin(), ends.end(), id) != ends.end()) << id;
  }
}

TEST_F(GrammarTest, EachAnswerIsAtItsOwnPlace) {
  const auto grammar = vocabulary_->compile(R"(start: "ab" | "cd")");
  const auto one = grammar->begin(), other = grammar->begin();
  const auto a = tokenizer_->encode("a", false), c = tokenizer_->encode("c", false);
  ASSERT_EQ(one->take(a), a.size());
  EXPECT_EQ(other->take(c), c.size());
  EXPECT_EQ(one->take(c), std::size_t{0}) << "only b follows";
}

TEST_F(GrammarTest, WhatCannotBeEnforcedIsNamed) {
  EXPECT_THAT(refused(R"(start: %json {"propertyNames":{"pattern":"^a"}})"),
              HasSubstr("propertyNames"));
  EXPECT_THAT(refused("start: %json {"), HasSubstr("EOF"));
  EXPECT_THAT(refused("start: nothing"), HasSubstr("nothing"));
  EXPECT_THAT(refused("start: /(/"), HasSubstr("unclosed group"));
  EXPECT_THAT(refused("start: /(?=a)b/"), HasSubstr("look-around"));
  EXPECT_THAT(refused("start: /(?=a)b/"), testing::Not(HasSubstr("at ")));
  const auto lenient = vocabulary_->compile(
      R"(start: %json {"type":"object","propertyNames":{"pattern":"^a"},"x-guidance":{"lenient":true}})");
  ASSERT_FALSE(lenient->not_enforced().empty());
  EXPECT_THAT(lenient->not_enforced().front(), HasSubstr("propertyNames"));
}

TEST_F(GrammarTest, WhatExplodesMeetsALimit) {
  std::string many = R"(start: %json {"enum":[)";
  for (int i = 0; i < 400'000; ++i) many += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\"";
  EXPECT_THROW(vocabulary_->compile(many + "]}"), Error);
}

}  // namespace
}  // namespace sanctum::text
