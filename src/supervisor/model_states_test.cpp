#include "supervisor/model_states.h"

#include <gtest/gtest.h>

namespace sanctum::supervisor {
namespace {

class Models : public testing::Test {
 protected:
  // As "+a -b".
  std::string due() {
    std::string out;
    for (const auto& change : states_.due(now_))
      out += (out.empty() ? "" : " ") + std::string(change.load ? "+" : "-") + change.model;
    return out;
  }
  std::string stage(const std::string& model) {
    for (const auto& state : states_.all())
      if (state.model == model) return std::string(to_string(state.stage));
    return "unknown";
  }
  ModelStates states_{{"a", "b"}};
  Instant now_ = Instant() + std::chrono::hours(1);
};

TEST_F(Models, AreAllLoadedAtFirstAndOnce) {
  EXPECT_FALSE(states_.all_settled());
  EXPECT_EQ(due(), "+a +b");
  EXPECT_EQ(due(), "");
  states_.settled("a", LoadEnd::kGood, now_);
  EXPECT_FALSE(states_.all_settled());
  states_.settled("b", LoadEnd::kFailed, now_);
  EXPECT_TRUE(states_.all_settled()) << "one that failed is no reason to wait";
  EXPECT_EQ(stage("a") + stage("b"), "readyfailed");
  EXPECT_EQ(due(), "");
}

TEST_F(Models, ANewProcessHasNone) {
  due();
  states_.settled("a", LoadEnd::kGood, now_);
  states_.want("b", false);
  states_.forget();
  EXPECT_EQ(due(), "+a") << "the other is not wanted";
}

TEST_F(Models, WhatIsNotWantedAnyMoreGoesOnceItIsThere) {
  due();
  states_.want("a", false);
  EXPECT_EQ(due(), "") << "its load is under way";
  states_.settled("a", LoadEnd::kGood, now_);
  EXPECT_EQ(due(), "-a");
  states_.want("a", true);
  EXPECT_EQ(due(), "") << "its unload is under way";
  states_.settled("a", LoadEnd::kGood, now_);
  EXPECT_EQ(due(), "+a");
}

TEST_F(Models, WhatCannotBeUnloadedIsStillThere) {
  due();
  states_.settled("a", LoadEnd::kGood, now_);
  states_.want("a", false);
  EXPECT_EQ(due(), "-a");
  states_.settled("a", LoadEnd::kFailed, now_);
  EXPECT_EQ(stage("a"), "ready");
}

TEST_F(Models, ALoadThatFailedIsTriedAgainWhenSomebodyWantsItAnew) {
  due();
  states_.settled("a", LoadEnd::kFailed, now_);
  EXPECT_EQ(due(), "");
  states_.want("a", true);
  EXPECT_EQ(due(), "+a");
}

// A mount that was away for two minutes took its model away for ever.
TEST_F(Models, ALoadThatLackedSomethingIsTriedAgainAfterPausesThatGrow) {
  due();
  states_.settled("b", LoadEnd::kGood, now_);
  for (auto pause = kLoadAgainFirst; pause <= kLoadAgainMax; pause *= 2) {
    states_.settled("a", LoadEnd::kLacked, now_);
    EXPECT_EQ(stage("a"), "failed");
    EXPECT_TRUE(states_.all_settled());
    EXPECT_EQ(states_.next_time(), now_ + pause);
    now_ += pause - std::chrono::seconds(1);
    EXPECT_EQ(due(), "");
    now_ += std::chrono::seconds(1);
    EXPECT_EQ(due(), "+a");
  }
  states_.settled("a", LoadEnd::kLacked, now_);
  EXPECT_EQ(states_.next_time(), now_ + kLoadAgainMax);
  states_.want("a", false);
  now_ += kLoadAgainMax;
  EXPECT_EQ(due(), "") << "nobody wants it any more";
  EXPECT_EQ(states_.next_time(), Instant::max());
}

TEST_F(Models, WhoIsNotKnownIsNoModel) {
  due();
  states_.want("c", true);
  states_.settled("c", LoadEnd::kGood, now_);
  EXPECT_EQ(due(), "");
  EXPECT_EQ(states_.all().size(), 2u);
}

TEST_F(Models, WithoutAnyAllIsSettled) {
  EXPECT_TRUE(ModelStates({}).all_settled());
}

}  // namespace
}  // namespace sanctum::supervisor
