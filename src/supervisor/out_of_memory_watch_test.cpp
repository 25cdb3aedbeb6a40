#include "supervisor/out_of_memory_watch.h"

#include <gtest/gtest.h>

namespace sanctum::supervisor {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const Instant kNow = Instant() + hours(1);

TEST(OutOfMemoryWatch, AKillShortlyBeforeTheDeathIsItsCause) {
  OutOfMemoryWatch watch(7);
  watch.look(7, kNow);
  EXPECT_FALSE(watch.was_lately(kNow));
  watch.look(8, kNow + seconds(1));
  watch.look(8, kNow + seconds(2));
  EXPECT_TRUE(watch.was_lately(kNow + seconds(3)));
}

// Weeks later a kill -9 was blamed on the requests, because something else had been killed once.
TEST(OutOfMemoryWatch, AKillLongBeforeTheDeathIsNot) {
  OutOfMemoryWatch watch(7);
  watch.look(8, kNow);
  watch.look(8, kNow + hours(2));
  EXPECT_FALSE(watch.was_lately(kNow + hours(2)));
}

TEST(OutOfMemoryWatch, WhatCouldNotBeReadIsNoKill) {
  OutOfMemoryWatch watch(7);
  watch.look(std::nullopt, kNow);
  watch.look(7, kNow + seconds(1));
  EXPECT_FALSE(watch.was_lately(kNow + seconds(1)));
  OutOfMemoryWatch unknown(std::nullopt);
  unknown.look(7, kNow);
  EXPECT_FALSE(unknown.was_lately(kNow));
}

TEST(OutOfMemoryWatch, WhatWasCountedBeforeTheStartIsOfNoInterest) {
  EXPECT_FALSE(OutOfMemoryWatch(7).was_lately(kNow));
}

}  // namespace
}  // namespace sanctum::supervisor
