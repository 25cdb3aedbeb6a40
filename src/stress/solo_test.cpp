#include "stress/solo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sanctum::stress {
namespace {

client::Answer says(const std::string& content) {
  client::Answer answer;
  answer.status = 200;
  answer.content = content;
  answer.finish_reason = "stop";
  answer.logprobs = {{"a", -0.5}, {"b", -0.25}};
  return answer;
}
std::string shown(const client::Answer& alone, const client::Answer& loaded) {
  return difference(alone, loaded).value_or("");
}

TEST(SoloQuestions, EachIsGreedyAndSampledWithASeedOfItsOwn) {
  const auto questions = solo_questions({Pipeline::kText, Pipeline::kVision});
  std::set<std::string> names;
  std::set<std::int64_t> seeds;
  std::size_t tools = 0, sampled = 0;
  for (const auto& question : questions) {
    const auto& request = question.request;
    names.insert(question.name);
    EXPECT_EQ(request.max_tokens, kSoloTokensMax) << question.name;
    EXPECT_EQ(request.seed.has_value(), *request.temperature > 0) << question.name;
    if (request.seed) seeds.insert(*request.seed);
    sampled += request.seed ? 1 : 0;
    tools += request.tools_json.empty() ? 0 : 1;
  }
  EXPECT_EQ(names.size(), questions.size());
  EXPECT_EQ(seeds.size(), sampled);
  EXPECT_EQ(2 * sampled, questions.size());
  EXPECT_EQ(tools, 2u);
}

TEST(SoloQuestions, OnlyThoseOfThePipelines) {
  const auto has_picture = [](const SoloQuestion& question) {
    return question.request.messages_json.find("image_url") != std::string::npos;
  };
  const auto text = solo_questions({Pipeline::kText});
  const auto vision = solo_questions({Pipeline::kVision});
  EXPECT_FALSE(text.empty());
  EXPECT_FALSE(vision.empty());
  EXPECT_TRUE(std::none_of(text.begin(), text.end(), has_picture));
  EXPECT_TRUE(std::all_of(vision.begin(), vision.end(), has_picture));
  EXPECT_TRUE(solo_questions({}).empty());
}

TEST(Difference, EqualAnswersHaveNone) {
  auto alone = says("85");
  alone.tool_calls = {{"call-1", "f", "{}"}};
  auto loaded = alone;
  loaded.tool_calls[0].id = "call-2";
  loaded.completion_tokens = 9;
  EXPECT_EQ(difference(alone, loaded), std::nullopt);
}

TEST(Difference, TextIsShownFromWhereItDiffers) {
  EXPECT_EQ(shown(says("it is 85."), says("it is 84.")),
            R"(text differs after 7 bytes: alone "5.", under load "4.")");
  EXPECT_EQ(shown(says("85"), says("")),
            R"(text differs after 0 bytes: alone "85", under load "")");
  EXPECT_EQ(shown(says("85"), says("855")),
            R"(text differs after 2 bytes: alone "", under load "5")");
}

TEST(Difference, ExcerptsAreShortAndWholeCharacters) {
  EXPECT_EQ(shown(says("\xC3\xA4x"), says("\xC3\xB6x")),
            "text differs after 1 bytes: alone \"\xC3\xA4x\", under load \"\xC3\xB6x\"");
  const auto text = shown(says(std::string(1000, 'x')), says(std::string(1000, 'y')));
  EXPECT_LE(text.size(), 2 * kExcerptCharactersMax + 80) << text;
}

TEST(Difference, EveryMemberCounts) {
  const auto alone = says("85");
  auto loaded = alone;
  loaded.reasoning = "hm";
  EXPECT_EQ(shown(alone, loaded).rfind("reasoning differs", 0), 0u);
  loaded = alone;
  loaded.finish_reason = "length";
  EXPECT_EQ(shown(alone, loaded).rfind("finish reason differs", 0), 0u);
  loaded = alone;
  loaded.tool_calls = {{"c", "f", R"({"a":1})"}};
  EXPECT_EQ(shown(alone, loaded).rfind("tool call differs", 0), 0u);
  loaded = alone;
  loaded.logprobs[1].logprob = -0.250001;
  EXPECT_EQ(shown(alone, loaded),
            R"(log probability of token 1 differs: alone "b" -0.25, under load "b" -0.250001)");
  loaded.logprobs.pop_back();
  EXPECT_EQ(shown(alone, loaded), "number of log probabilities differs: alone 2, under load 1");
}

TEST(JudgeByTwin, EqualIsRightDifferentIsWrongAndAFailureIsNeither) {
  EXPECT_EQ(judge_by_twin("q", says("a"), says("a")).finding, Finding::kOk);
  const auto wrong = judge_by_twin("weather", says("a"), says("b"));
  EXPECT_EQ(wrong.finding, Finding::kWrong);
  EXPECT_EQ(wrong.text.rfind("weather: text differs", 0), 0u) << wrong.text;
  auto failed = says("b");
  failed.status = 500;
  failed.failure = "HTTP 500: x";
  EXPECT_EQ(judge_by_twin("q", says("a"), failed).finding, Finding::kError);
  failed.status = 429;
  EXPECT_EQ(judge_by_twin("q", says("a"), failed).finding, Finding::kRefused);
}

}  // namespace
}  // namespace sanctum::stress
