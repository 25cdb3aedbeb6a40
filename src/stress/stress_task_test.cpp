#include "stress/stress_task.h"

#include <gtest/gtest.h>

#include <set>

#include "base/base64.h"
#include "stress/palette.h"

namespace sanctum::stress {
namespace {

client::Answer says(const std::string& content) {
  client::Answer answer;
  answer.status = 200;
  answer.content = content;
  return answer;
}
StressTask expecting(Pipeline pipeline, const std::string& expected) {
  StressTask task;
  task.pipeline = pipeline;
  task.expected = expected;
  return task;
}
Finding found(Pipeline pipeline, const std::string& expected, const std::string& content) {
  return judge(expecting(pipeline, expected), says(content)).finding;
}

TEST(StressTask, EveryNonceIsFreshAndHalfAreStreamed) {
  std::mt19937_64 random(1);
  std::set<std::string> nonces;
  int streamed = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto task = make_task(Pipeline::kText, i, random);
    EXPECT_EQ(task.expected.size(), static_cast<std::size_t>(kNonceCharacters));
    EXPECT_NE(task.messages_json.find(task.expected), std::string::npos);
    EXPECT_EQ(std::set<char>(task.expected.begin(), task.expected.end()).size(), 9u)
        << "no repeats";
    nonces.insert(task.expected);
    streamed += task.stream ? 1 : 0;
  }
  EXPECT_GT(nonces.size(), 990u) << "by chance a few may meet";
  EXPECT_EQ(streamed, 500);
}

TEST(StressTask, PicturesShowTheColourThatIsExpected) {
  std::mt19937_64 random(1);
  std::set<std::string> colors;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto task = make_task(Pipeline::kVision, i, random);
    colors.insert(task.expected);
    const auto color = static_cast<std::size_t>(first_color_named(task.expected));
    const auto url = "data:image/png;base64," + base64_encode(one_pixel_png(palette()[color].rgb));
    EXPECT_NE(task.messages_json.find(url), std::string::npos) << task.expected;
  }
  EXPECT_EQ(colors.size(), palette().size());
}

TEST(StressTask, NonceChecker) {
  EXPECT_EQ(found(Pipeline::kText, "k3v9x2", "k3v9x2"), Finding::kOk);
  EXPECT_EQ(found(Pipeline::kText, "k3v9x2", "Sure: \"k3v9x2\"."), Finding::kOk);
  EXPECT_EQ(found(Pipeline::kText, "k3v9x2", "k3v9x"), Finding::kWrong);
  EXPECT_EQ(found(Pipeline::kText, "k3v9x2", "K3V9X2"), Finding::kWrong);
  EXPECT_EQ(found(Pipeline::kText, "k3v9x2", "q8w7e6"), Finding::kWrong) << "another's answer";
  EXPECT_EQ(found(Pipeline::kText, "k3v9x2", ""), Finding::kWrong);
}

TEST(StressTask, ColorChecker) {
  EXPECT_EQ(found(Pipeline::kVision, "red", "Red"), Finding::kOk);
  EXPECT_EQ(found(Pipeline::kVision, "red", "The image is solid red."), Finding::kOk);
  EXPECT_EQ(found(Pipeline::kVision, "gray", "Grey."), Finding::kOk);
  EXPECT_EQ(found(Pipeline::kVision, "red", "hundred"), Finding::kWrong) << "no whole word";
  EXPECT_EQ(found(Pipeline::kVision, "red", "blue, not red"), Finding::kWrong);
  EXPECT_EQ(found(Pipeline::kVision, "red", "I cannot see pictures"), Finding::kWrong);
}

TEST(StressTask, FailuresAreNotAnswers) {
  const auto task = expecting(Pipeline::kText, "x");
  auto refused = says("");
  refused.status = 429;
  refused.failure = "HTTP 429: full";
  EXPECT_EQ(judge(task, refused).finding, Finding::kRefused);
  auto broken = says("x");
  broken.ending = client::Ending::kBroken;
  broken.failure = "cut";
  EXPECT_EQ(judge(task, broken).finding, Finding::kError) << "even with the right text so far";
  auto cancelled = says("x");
  cancelled.ending = client::Ending::kCancelled;
  cancelled.failure = "cancelled";
  EXPECT_EQ(judge(task, cancelled).finding, Finding::kCancelled);
}

}  // namespace
}  // namespace sanctum::stress
