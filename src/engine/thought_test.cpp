#include "engine/thought.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/test_fixtures.h"

namespace sanctum::engine {
namespace {

using testing::ElementsAre;

// 1: opens, 2: closes; 8 2 9 9 is how a thought that is ended ends. 3: a space; 11, 12, 13: the
// three bytes of a euro sign.
const Thought::Marks kMarks{{1}, {2}, {8, 2, 9, 9}};
const Thought::Marks kAnywhere{{1}, {2}, {8, 2, 9, 9}, true};

std::string bytes(int token) {
  if (token == 3) return " ";
  if (token >= 11 && token <= 13) return std::string(1, "\xe2\x82\xac"[token - 11]);
  return "a";
}

// What comes of a model that would say `wanted` for ever.
std::vector<int> said(Thought thought, const std::vector<int>& wanted) {
  std::vector<int> out;
  for (const int token : wanted) {
    out.push_back(thought.forced().value_or(token));
    thought.take(out.back());
  }
  return out;
}

TEST(Thought, ItsTokensAreCountedWithoutTheMarks) {
  Thought thought(kMarks, false, std::nullopt, bytes);
  for (const int token : {3, 1, 6, 6, 6, 2, 7, 7}) thought.take(token);
  EXPECT_EQ(thought.tokens(), 3);
  Thought begun(kMarks, true, std::nullopt, bytes);
  for (const int token : {6, 6, 2, 7}) begun.take(token);
  EXPECT_EQ(begun.tokens(), 2);
}

TEST(Thought, EndsProperlyWhenItsTokensAreSpent) {
  EXPECT_THAT(said(Thought(kMarks, true, 2, bytes), {6, 6, 6, 6, 6, 6, 7, 7}),
              ElementsAre(6, 6, 8, 2, 9, 9, 7, 7));
  EXPECT_THAT(said(Thought(kMarks, false, 1, bytes), {3, 1, 6, 6, 6, 6, 6, 7}),
              ElementsAre(3, 1, 6, 8, 2, 9, 9, 7));
}

TEST(Thought, OfNoTokensEndsAtOnce) {
  EXPECT_THAT(said(Thought(kMarks, true, 0, bytes), {6, 6, 6, 6, 7}), ElementsAre(8, 2, 9, 9, 7));
}

TEST(Thought, ThatEndsByItselfIsLeftAlone) {
  EXPECT_THAT(said(Thought(kMarks, true, 4, bytes), {6, 2, 9, 7, 7, 7, 7, 7}),
              ElementsAre(6, 2, 9, 7, 7, 7, 7, 7));
}

// A grammar that binds the answer's text may not stand in its way either.
TEST(Thought, OutsideOfOneNothingIsForced) {
  Thought thought(kMarks, false, 0, bytes);
  for (const int token : {5, 6, 7}) {
    EXPECT_FALSE(thought.forced());
    thought.take(token);
  }
}

// Words run together: the mark's own tokens never come.
TEST(Thought, AMarkThatIsNoTokenEndsItByItsLetters) {
  const auto letters = [](int token) {
    return token == 4 ? "a\n</th" : token == 5 ? "ink>\n" : "b";
  };
  Thought thought({{1}, {2, 3}, {2, 3}, false, "</think>"}, true, 10, letters);
  for (const int token : {6, 4, 5, 6, 6}) thought.take(token);
  EXPECT_EQ(thought.tokens(), 1);
  for (int i = 0; i < 20; ++i) thought.take(6);
  EXPECT_FALSE(thought.forced());
}

// A mark of several tokens, as gpt-oss's.
TEST(Thought, MarksOfSeveralTokens) {
  const Thought::Marks marks{{1, 3, 4}, {2}, {2, 5, 1, 9, 4}};
  EXPECT_THAT(said(Thought(marks, false, 2, bytes), {1, 3, 4, 6, 6, 6, 6, 6, 6, 6, 7}),
              ElementsAre(1, 3, 4, 6, 6, 2, 5, 1, 9, 4, 7));
}

// What is no character could stand in no answer, and in no grammar.
TEST(Thought, EndsBehindAWholeCharacter) {
  EXPECT_THAT(said(Thought(kMarks, true, 1, bytes), {11, 12, 13, 6, 6, 6, 6, 7}),
              ElementsAre(11, 12, 13, 8, 2, 9, 9, 7));
}

// As the parser reads them: a mark in the text of an answer is text.
TEST(Thought, BeginsAtTheAnswersStartUnlessItsMarksMayStandAnywhere) {
  EXPECT_THAT(said(Thought(kMarks, false, 0, bytes), {5, 1, 6, 7}), ElementsAre(5, 1, 6, 7));
  EXPECT_THAT(said(Thought(kMarks, false, 2, bytes), {1, 6, 2, 1, 6, 6, 6}),
              ElementsAre(1, 6, 2, 1, 6, 6, 6));
  EXPECT_THAT(said(Thought(kAnywhere, false, 0, bytes), {5, 1, 6, 6, 6, 6, 7}),
              ElementsAre(5, 1, 8, 2, 9, 9, 7));
}

// Of a model that may think again and again there is no next thought once all is spent: what begins
// one may not come.
TEST(Thought, ASpentOneIsTheLast) {
  Thought::Marks marks = kAnywhere;
  marks.telling = 0;
  Thought thought(marks, false, 2, bytes);
  for (const int token : {1, 6, 2, 7}) {
    EXPECT_FALSE(thought.refused());
    thought.take(token);
  }
  for (const int token : {1, 6, 8, 2, 9, 9}) {
    EXPECT_FALSE(thought.refused()) << "inside, or not spent";
    thought.take(token);
  }
  EXPECT_EQ(thought.refused(), 1);
  EXPECT_EQ(Thought(marks, false, 0, bytes).refused(), 1);
  EXPECT_EQ(Thought(kAnywhere, false, 0, bytes).refused(), std::nullopt) << "what opens is a text";
  EXPECT_EQ(Thought(marks, false, std::nullopt, bytes).refused(), std::nullopt);
  Thought::Marks once = kMarks;
  once.telling = 0;
  EXPECT_EQ(Thought(once, false, 0, bytes).refused(), std::nullopt)
      << "an empty one, then the rest";
}

// gpt-oss's: its first token opens every message.
TEST(Thought, WhatOtherThingsBeginWithMayCome) {
  Thought::Marks marks{{1, 3, 4}, {2}, {2, 5}, true};
  marks.telling = 1;
  Thought thought(marks, false, 0, bytes);
  EXPECT_FALSE(thought.refused());
  thought.take(1);
  EXPECT_EQ(thought.refused(), 3);
  thought.take(7);
  EXPECT_FALSE(thought.refused());
}

TEST(Thought, WhatTellsOneIsKnownWhereItsMarkIsAToken) {
  using text::OutputFormat;
  const auto telling = [](const char* fixture, OutputFormat format) {
    return Thought::marks(format, *text::Tokenizer::load(text::fixture(fixture))).telling;
  };
  EXPECT_EQ(telling("tekken", OutputFormat::kMistral), 0u);
  EXPECT_EQ(telling("byte_level", OutputFormat::kMistral), std::nullopt);
  const auto tokenizer = text::Tokenizer::load(text::fixture("byte_level"));
  const Thought::Marks harmony = Thought::marks(OutputFormat::kHarmony, *tokenizer);
  ASSERT_TRUE(harmony.telling);
  EXPECT_EQ(harmony.opening[*harmony.telling], tokenizer->encode("analysis", false).front());
}

// As after an engine's death: what was said is taken again, and the end goes on where it stopped.
TEST(Thought, GoesOnWhereItStopped) {
  Thought first(kMarks, true, 1, bytes);
  for (const int token : {6, 8, 2}) first.take(token);
  EXPECT_EQ(first.forced(), 9);
  Thought second(kMarks, true, 1, bytes);
  for (const int token : {6, 8, 2}) second.take(token);
  EXPECT_EQ(second.forced(), 9);
}

}  // namespace
}  // namespace sanctum::engine
