#include "engine/fault.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::engine {
namespace {

TEST(Fault, IsWhatItsTextSays) {
  EXPECT_EQ(parse_fault("").hang_after, 0);
  EXPECT_EQ(parse_fault("hang-after:7").hang_after, 7);
  EXPECT_EQ(parse_fault("die-of:12").die_of, 12);
  EXPECT_EQ(parse_fault("slow:20").slow_ms, 20);
  for (const char* text :
       {"hang-after", "hang-after:", "hang-after:0", "die-of:x", "die-of:1x", ":1"})
    EXPECT_THROW(parse_fault(text), Error) << text;
}

TEST(Fault, LiesWhenItsTimeHasCome) {
  const Fault fault = parse_fault("lie-after:3");
  EXPECT_EQ(lied(fault, 8, 2), 8);
  EXPECT_EQ(lied(fault, 8, 3), 9);
  EXPECT_EQ(lied({}, 8, 1000), 8);
}

TEST(Fault, StrikesWhenItsTimeHasCome) {
  const Fault fault = parse_fault("die-of:12");
  meet_prompt(fault, 11);
  have_said(fault, 1000);
  EXPECT_EXIT(meet_prompt(fault, 12), testing::KilledBySignal(SIGSEGV), "");
}

}  // namespace
}  // namespace sanctum::engine
