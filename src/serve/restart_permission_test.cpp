#include "serve/restart_permission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_directory.h"

namespace sanctum::serve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RestartPermissionTest : public testing::Test {
 protected:
  std::vector<std::string> open() const {
    std::vector<std::string> keys;
    for (const auto& incident : records_.incidents()) keys.push_back(incident.key);
    return keys;
  }
  const TestDirectory state_;
  GatewayRecords records_{state_.path()};
  int begun_ = 0;
  RestartPermission permission_{records_, [this] { ++begun_; }};
};

// A weekly restart failed unread once, with exit code 5.
TEST_F(RestartPermissionTest, WhatTheScheduleDidNotGetIsAnIncidentUntilOneSucceeds) {
  records_.probes_told({{"probe.boots.the models", "error", "they are gone", 0}});
  EXPECT_EQ(permission_.ask_by_schedule(), "they are gone");
  EXPECT_THAT(open(), ElementsAre("restart", "probe.boots.the models"));
  EXPECT_EQ(begun_, 0);
  records_.probes_told({});
  EXPECT_EQ(permission_.ask_by_schedule(), "");
  EXPECT_THAT(open(), IsEmpty());
  EXPECT_EQ(begun_, 1);
}

TEST_F(RestartPermissionTest, WhoAsksByHandIsToldAndLeavesNone) {
  EXPECT_EQ(permission_.ask_by_hand("it is gone"), "it is gone");
  EXPECT_THAT(open(), IsEmpty());
  EXPECT_EQ(begun_, 0);
}

}  // namespace
}  // namespace sanctum::serve
