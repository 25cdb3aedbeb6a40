#include "wire/heartbeat.h"

#include <gtest/gtest.h>

#include <memory>

namespace sanctum::wire {
namespace {

TEST(Heartbeat, TellsWorkFromRestAndWhatItIsAbout) {
  const auto page = std::make_unique<Heartbeat>();
  EXPECT_FALSE(read_pulse(*page).begun) << "zeros are no heartbeat";
  page->layout = kHeartbeatLayout;
  const std::vector<std::uint64_t> keys{request_key("a"), request_key("b")};
  EXPECT_NE(keys[0], keys[1]);
  begin_work(page.get(), Phase::kPrefill, keys);
  progress(page.get());
  Pulse pulse = read_pulse(*page);
  EXPECT_TRUE(pulse.begun);
  EXPECT_EQ(pulse.phase, Phase::kPrefill);
  EXPECT_EQ(pulse.progress, 1u);
  EXPECT_EQ(read_suspects(*page), keys);
  rest(page.get());
  EXPECT_EQ(read_pulse(*page).phase, Phase::kIdle);
  EXPECT_TRUE(read_suspects(*page).empty());
}

TEST(Heartbeat, MoreSuspectsThanThereIsRoomForAreCutAndAWrongCountIsSurvived) {
  const auto page = std::make_unique<Heartbeat>();
  begin_work(page.get(), Phase::kDecode, std::vector<std::uint64_t>(kSuspectsMax + 5, 1));
  EXPECT_EQ(read_suspects(*page).size(), kSuspectsMax);
  page->suspects = 1u << 31;
  EXPECT_EQ(read_suspects(*page).size(), kSuspectsMax);
}

TEST(Heartbeat, ATextThreadsRequestIsSuspectedWhileItWorks) {
  const auto page = std::make_unique<Heartbeat>();
  {
    const TextWork first(page.get(), "a"), second(page.get(), "b");
    EXPECT_EQ(read_suspects(*page),
              (std::vector<std::uint64_t>{request_key("a"), request_key("b")}));
  }
  EXPECT_TRUE(read_suspects(*page).empty());
  const TextWork unread(nullptr, "a");
}

TEST(Heartbeat, WithoutAReaderNothingHappens) {
  begin_work(nullptr, Phase::kDecode, {});
  progress(nullptr);
  rest(nullptr);
}

}  // namespace
}  // namespace sanctum::wire
