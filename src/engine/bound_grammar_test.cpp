#include "engine/bound_grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const AnswerPlace kHermes{text::OutputFormat::kHermes, false, false};

class BoundGrammarTest : public testing::Test {
 protected:
  BoundGrammar compiled(const std::vector<text::BoundTool>& tools) const {
    return compile_bound(
        {{}, tools, true, true}, kHermes, *tokenizer_,
        [&](const std::string& source) { return CompiledGrammar{vocabulary_.compile(source), 0}; });
  }
  bool accepts(const BoundGrammar& bound, const std::string& text) const {
    const auto state = bound.grammar->begin();
    const auto ids = tokenizer_->encode(text, false);
    return state->take(ids) == ids.size() && state->may_end();
  }
  static std::string call(const std::string& name, const std::string& arguments) {
    return "<tool_call>\n{\"name\": \"" + name + "\", \"arguments\": " + arguments +
           "}\n</tool_call>";
  }

  const std::shared_ptr<const text::Tokenizer> tokenizer_ =
      text::Tokenizer::load(source_directory() + "/models/smoke");
  const text::GrammarVocabulary vocabulary_{
      *tokenizer_, tokenizer_->end_ids(), tokenizer_->vocabulary(),
      text::marker_tokens(text::OutputFormat::kHermes, true, true)};
};

const text::BoundTool kGood{
    "good", R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]})", false};

TEST_F(BoundGrammarTest, OneToolsOddSchemaIsNoneOfTheOthersBusiness) {
  const char* const odd[] = {
      R"({"type":"object","properties":{"a":{"type":"string","pattern":"(?=x)y"}}})",
      R"({"type":"object","properties":{"a":{"$ref":"https://example.com/schema.json"}}})",
      R"({"type":"object","properties":{"a":{"type":"strange"}}})"};
  for (const char* schema : odd) {
    const BoundGrammar bound = compiled({kGood, {"odd", schema, false}});
    EXPECT_THAT(bound.not_enforced, ElementsAre("all of odd")) << schema;
    EXPECT_TRUE(accepts(bound, call("odd", R"({"z": 1})")));
    EXPECT_TRUE(accepts(bound, call("good", R"({"a": 1})")));
    EXPECT_FALSE(accepts(bound, call("good", R"({"a": "x"})")));
    EXPECT_THROW(compiled({kGood, {"odd", schema, true}}), Error) << "it is strict";
  }
}

TEST_F(BoundGrammarTest, AKeywordThatIsLeftOutIsNamedOnce) {
  const text::BoundTool odd{
      "odd",
      R"({"type":"object","propertyNames":{"pattern":"a"},"properties":{"a":{"type":"object","propertyNames":{}}}})",
      false};
  EXPECT_THAT(compiled({kGood, odd}).not_enforced, ElementsAre("propertyNames"));
  EXPECT_THAT(compiled({kGood}).not_enforced, IsEmpty());
}

// As where a template has closed it, because it is switched off.
TEST_F(BoundGrammarTest, BehindAThoughtThatThePromptClosedThereIsNone) {
  wire::Structure one{wire::StructureKind::kChoice, R"(["yes"])", false};
  const auto takes = [&](const AnswerPlace& place, const std::string& text) {
    const auto state =
        vocabulary_.compile(answer_grammar({one, {}, false, true}, place, *tokenizer_))->begin();
    const auto ids = tokenizer_->encode(text, false);
    return state->take(ids) == ids.size();
  };
  EXPECT_TRUE(takes({text::OutputFormat::kHermes, true, false}, "<think>"));
  EXPECT_FALSE(takes({text::OutputFormat::kHermes, true, false, true}, "<think>"));
}

TEST_F(BoundGrammarTest, WhatDiffersHasAnotherKey) {
  const AnswerBounds bounds{{}, {kGood}, true, true};
  AnswerBounds other = bounds;
  EXPECT_EQ(grammar_key(bounds, kHermes), grammar_key(other, kHermes));
  other.call_required = false;
  EXPECT_NE(grammar_key(bounds, kHermes), grammar_key(other, kHermes));
  other = bounds;
  other.tools[0].strict = true;
  EXPECT_NE(grammar_key(bounds, kHermes), grammar_key(other, kHermes));
  EXPECT_NE(grammar_key(bounds, kHermes),
            grammar_key(bounds, {text::OutputFormat::kHermes, true, false}));
}

}  // namespace
}  // namespace sanctum::engine
