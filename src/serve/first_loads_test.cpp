#include "serve/first_loads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::serve {
namespace {

using testing::HasSubstr;

const wire::Failure kBroken{ErrorCode::kCorrupt, "config.json is broken", {}};

TEST(FirstLoads, NothingIsLeftWhenAllHaveFailed) {
  FirstLoads loads(2);
  EXPECT_EQ(loads.ended("a", &kBroken), std::nullopt);
  EXPECT_EQ(loads.ended("a", &kBroken), std::nullopt) << "the same, tried again";
  const auto why = loads.ended("b", &kBroken);
  ASSERT_TRUE(why.has_value());
  EXPECT_THAT(*why, AllOf(HasSubstr("'a' cannot be served: config.json is broken"),
                          HasSubstr("'b' cannot be served")));
}

// A mount that comes up after the server would have ended it.
TEST(FirstLoads, WhatIsTriedAgainIsHope) {
  FirstLoads loads(1);
  const wire::Failure disk{ErrorCode::kUnavailable, "EIO", {}};
  EXPECT_EQ(loads.ended("a", &disk), std::nullopt);
  EXPECT_TRUE(loads.ended("a", &kBroken).has_value());
}

// It was tried again for ever, by a server that served nothing.
TEST(FirstLoads, WhatMayNotBeReadIsNone) {
  FirstLoads loads(1);
  const wire::Failure rights{ErrorCode::kDenied, "Permission denied", {}};
  EXPECT_TRUE(loads.ended("a", &rights).has_value());
}

TEST(FirstLoads, OneThatIsReadyIsSomething) {
  FirstLoads loads(2);
  EXPECT_EQ(loads.ended("a", nullptr), std::nullopt);
  EXPECT_EQ(loads.ended("b", &kBroken), std::nullopt);
  EXPECT_EQ(loads.ended("a", &kBroken), std::nullopt) << "after a restart of the engine";
}

}  // namespace
}  // namespace sanctum::serve
