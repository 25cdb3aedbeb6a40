#include "supervisor/incidents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::supervisor {
namespace {

using testing::ElementsAre;

class IncidentsTest : public testing::Test {
 protected:
  std::vector<std::string> recorded_;
  Incidents incidents_{[this](JournalRow row) {
    if (const auto* opened = std::get_if<IncidentOpened>(&row))
      recorded_.push_back("+" + opened->key + " " + opened->level + " " + opened->what);
    if (const auto* closed = std::get_if<IncidentClosed>(&row))
      recorded_.push_back("-" + closed->key + " " + closed->how);
  }};
};

TEST_F(IncidentsTest, OneThatIsSeenAgainIsNoOther) {
  for (int i = 0; i < 3; ++i) incidents_.open("journal", "error", "the disk is full");
  EXPECT_EQ(incidents_.list().size(), 1u);
  incidents_.open("journal", "page", "the disk is full");
  ASSERT_EQ(incidents_.list().size(), 1u);
  EXPECT_EQ(incidents_.list()[0].level, "page");
  EXPECT_THAT(recorded_,
              ElementsAre("+journal error the disk is full", "+journal page the disk is full"));
}

TEST_F(IncidentsTest, OneThatIsOverIsToldOnce) {
  incidents_.open("journal", "error", "the disk is full");
  incidents_.close("journal", "it writes");
  incidents_.close("journal", "it writes");
  incidents_.close("worker.parked", "it was never open");
  EXPECT_TRUE(incidents_.list().empty());
  EXPECT_THAT(recorded_, ElementsAre("+journal error the disk is full", "-journal it writes"));
}

TEST_F(IncidentsTest, TheyAreBounded) {
  for (std::size_t i = 0; i < 2 * kIncidentsMax; ++i)
    incidents_.open("key" + std::to_string(i), "warn", "x");
  EXPECT_EQ(incidents_.list().size(), kIncidentsMax);
}

}  // namespace
}  // namespace sanctum::supervisor
