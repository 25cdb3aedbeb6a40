#include "engine/load_halves.h"

#include <gtest/gtest.h>

namespace sanctum::engine {
namespace {

const wire::Failure kFailure{ErrorCode::kCorrupt, "broken", "path"};

TEST(LoadHalves, IsOverWithTheSecondWhicheverThatIs) {
  for (const bool text_first : {true, false}) {
    LoadHalves load;
    if (text_first) load.text_ended(std::nullopt);
    if (!text_first) load.weights_ended({{}, 7});
    EXPECT_FALSE(load.over());
    if (text_first) load.weights_ended({{}, 7});
    if (!text_first) load.text_ended(std::nullopt);
    EXPECT_TRUE(load.over());
    EXPECT_FALSE(load.failure());
    EXPECT_FALSE(*load.given_up());
    EXPECT_EQ(load.weights()->load_us, 7);
  }
}

TEST(LoadHalves, TheFirstFailureIsTheLoadsAndTheOtherHalfIsAskedToGiveUp) {
  LoadHalves load;
  const auto given_up = load.given_up();
  load.text_ended(kFailure);
  EXPECT_TRUE(*given_up);
  EXPECT_FALSE(load.over());
  load.weights_failed({ErrorCode::kUnavailable, "given up", "path"});
  EXPECT_TRUE(load.over());
  EXPECT_EQ(load.failure()->message, "broken");
  EXPECT_FALSE(load.weights());
}

TEST(LoadHalves, WeightsThatCameBeforeTheTextSideFailedAreThereToBeDropped) {
  LoadHalves load;
  load.weights_ended({{}, 7});
  load.text_ended(kFailure);
  EXPECT_TRUE(load.over() && load.failure() && load.weights());
}

}  // namespace
}  // namespace sanctum::engine
