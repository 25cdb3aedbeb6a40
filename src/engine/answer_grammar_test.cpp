#include "engine/answer_grammar.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"
#include "text/grammar.h"

namespace sanctum::engine {
namespace {

using text::OutputFormat;
using wire::Structure;
using wire::StructureKind;

class AnswerGrammar : public testing::Test {
 protected:
  bool accepts(const Structure& structure, const AnswerPlace& place, const std::string& text) {
    return takes(AnswerBounds{structure, {}, false, true}, place, text);
  }
  bool takes(const AnswerBounds& bounds, const AnswerPlace& place, const std::string& text) {
    const auto state = vocabulary_.compile(answer_grammar(bounds, place, *tokenizer_))->begin();
    const auto ids = tokenizer_->encode(text, false);
    return state->take(ids) == ids.size() && state->may_end();
  }
  const std::shared_ptr<const text::Tokenizer> tokenizer_ =
      text::Tokenizer::load(source_directory() + "/models/smoke");
  const text::GrammarVocabulary vocabulary_{*tokenizer_, tokenizer_->end_ids(),
                                            tokenizer_->vocabulary(),
                                            text::marker_tokens(OutputFormat::kHermes, true, true)};
};

TEST_F(AnswerGrammar, EachKindBindsTheAnswer) {
  const AnswerPlace plain;
  EXPECT_TRUE(accepts({StructureKind::kJsonObject, "", false}, plain, R"({"a": [1, null]})"));
  EXPECT_FALSE(accepts({StructureKind::kJsonObject, "", false}, plain, "[1]"));
  EXPECT_TRUE(accepts({StructureKind::kJsonSchema, R"({"type":"boolean"})", false}, plain, "true"));
  EXPECT_TRUE(accepts({StructureKind::kRegex, "a/b\\d", false}, plain, "a/b7"));
  EXPECT_TRUE(accepts({StructureKind::kRegex, "a\\/b|\n", false}, plain, "a/b"));
  EXPECT_FALSE(accepts({StructureKind::kRegex, "a|b", false}, plain, "ab"));
  EXPECT_TRUE(accepts({StructureKind::kChoice, R"(["yes","no \"x\""])", false}, plain, "no \"x\""));
  EXPECT_FALSE(accepts({StructureKind::kChoice, R"(["yes","no"])", false}, plain, "yesno"));
  EXPECT_TRUE(accepts({StructureKind::kLark, "start: \"a\" b\nb: /[0-9]+/", false}, plain, "a12"));
  EXPECT_THROW(
      answer_grammar({{StructureKind::kChoice, "[]", false}, {}, false, true}, plain, *tokenizer_),
      Error);
}

TEST_F(AnswerGrammar, BeginsBehindTheThought) {
  const Structure yes{StructureKind::kChoice, R"(["yes"])", false};
  const AnswerPlace may_think{OutputFormat::kHermes, true, false},
      thinks{OutputFormat::kHermes, true, true};
  EXPECT_TRUE(accepts(yes, may_think, "yes"));
  EXPECT_TRUE(accepts(yes, may_think, "<think>\nno {\n</think>\n\nyes"));
  EXPECT_FALSE(accepts(yes, may_think, "<think>yes"));
  EXPECT_TRUE(accepts(yes, thinks, "no, or </thin\n</think>yes"));
  EXPECT_FALSE(accepts(yes, thinks, "yes"));
}

const std::vector<text::BoundTool> kTools{
    {"add",
     R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"enum":["x","y"]}},"required":["a"],"additionalProperties":false})",
     true},
    {"say",
     R"({"type":"object","properties":{"text":{"type":"string"}},"required":["text"],"additionalProperties":false})",
     true}};

// What each format's parser reads, its rules allow: a call of each tool, and no other.
TEST_F(AnswerGrammar, CallsAreBoundInTheFormatsOwnSpelling) {
  struct Case {
    OutputFormat format;
    std::string add, say, wrong;
  };
  const Case cases[] = {
      {OutputFormat::kHermes,
       "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>",
       "<tool_call>\n{\"name\": \"say\", \"arguments\": {\"text\": \"}\"}}\n</tool_call>",
       "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": \"1\"}}\n</tool_call>"},
      {OutputFormat::kXml,
       "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\nx\n</"
       "parameter>\n</function>\n</tool_call>",
       "<tool_call>\n<function=say>\n<parameter=text>\n  a </parameter> "
       "b\n\n</parameter>\n</function>\n</tool_call>",
       "<tool_call>\n<function=add>\n<parameter=b>\nx\n</parameter>\n</function>\n</tool_call>"},
      {OutputFormat::kLlama3, R"({"name": "add", "parameters": {"a": 1}})",
       R"({"name": "say", "parameters": {"text": ""}})",
       R"({"name": "other", "parameters": {"text": ""}})"},
      {OutputFormat::kMistral, R"([TOOL_CALLS][{"name": "add", "arguments": {"a": 1}}])",
       R"([TOOL_CALLS][{"name": "say", "arguments": {"text": "x"}}])",
       R"([TOOL_CALLS][{"name": "add", "arguments": {}}])"},
  };
  for (const Case& c : cases) {
    const AnswerPlace place{c.format, false, false};
    for (const bool required : {false, true}) {
      const AnswerBounds bounds{{}, kTools, required, true};
      EXPECT_TRUE(takes(bounds, place, c.add)) << c.add;
      EXPECT_TRUE(takes(bounds, place, c.say)) << c.say;
      EXPECT_FALSE(takes(bounds, place, c.wrong)) << c.wrong;
      EXPECT_EQ(takes(bounds, place, "I need none."), !required);
    }
    EXPECT_FALSE(takes(AnswerBounds{{}, {kTools[0]}, false, true}, place, c.say));
  }
  const AnswerPlace hermes{OutputFormat::kHermes, false, false};
  const std::string two = cases[0].add + "\n" + cases[0].say;
  EXPECT_TRUE(takes(AnswerBounds{{}, kTools, true, true}, hermes, two));
  EXPECT_FALSE(takes(AnswerBounds{{}, kTools, true, false}, hermes, two)) << "one alone";
  EXPECT_TRUE(takes(AnswerBounds{{}, kTools, false, true}, hermes, "First this.\n" + two));
  // Whether the mark is a token here (Hermes's) or a text (Mistral's).
  const AnswerPlace mistral{OutputFormat::kMistral, false, false};
  EXPECT_TRUE(
      takes(AnswerBounds{{}, kTools, false, true}, mistral, "First [this].\n" + cases[3].add));
  EXPECT_TRUE(takes(AnswerBounds{{}, kTools, false, true}, mistral, "It is [TOOL_CALL"));
  EXPECT_FALSE(takes(AnswerBounds{{}, kTools, false, true}, mistral, "First.\n" + cases[3].wrong));
  EXPECT_FALSE(takes(AnswerBounds{{}, kTools, true, true}, mistral, "First.\n" + cases[3].add));
  // What a parser takes for a thought is none of the content, and its mark no call.
  const AnswerPlace thinks{OutputFormat::kMistral, true, false};
  const std::string thought = "<think>a call begins with [TOOL_CALLS], and";
  const AnswerBounds either{{}, kTools, false, true};
  EXPECT_TRUE(takes(either, thinks, thought + "</think>\n\nFirst. " + cases[3].add));
  EXPECT_TRUE(takes(either, thinks, "First. " + cases[3].add));
  EXPECT_TRUE(takes(either, thinks, thought + "</think>It is so."));
  EXPECT_FALSE(takes(either, thinks, "<think>" + cases[3].add));
  EXPECT_FALSE(takes(either, thinks, "It is [THINK]so"));
  const Structure yes{StructureKind::kChoice, R"(["yes"])", false};
  EXPECT_TRUE(takes(AnswerBounds{yes, kTools, false, true}, hermes, "yes"));
  EXPECT_TRUE(takes(AnswerBounds{yes, kTools, false, true}, hermes, two));
  EXPECT_FALSE(takes(AnswerBounds{yes, kTools, false, true}, hermes, "no"));
}

}  // namespace
}  // namespace sanctum::engine
