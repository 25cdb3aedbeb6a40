#include "hub/progress_text.h"

#include <gtest/gtest.h>

namespace sanctum::hub {
namespace {

using std::chrono::seconds;

TEST(ProgressText, TellsHowMuchHowFastAndHowLong) {
  EXPECT_EQ(progress_text({1'200'000'000, 4'500'000'000, 3, 12}, 85'100'000),
            "1.20 GB of 4.50 GB (26%), 85.1 MB/s, 0:39 left, 3 of 12 files");
  EXPECT_EQ(progress_text({0, 100, 0, 1}, 0), "0 B of 100 B (0%), 0 of 1 file");
  EXPECT_EQ(progress_text({0, 0, 0, 0}, 0), "0 B of 0 B (100%), 0 of 0 files");
}

TEST(ProgressText, TimeIsRead) {
  EXPECT_EQ(time_left_text(5), "0:05");
  EXPECT_EQ(time_left_text(3725), "1:02:05");
  EXPECT_EQ(time_left_text(1e9), "long");
}

TEST(ProgressText, TheRateIsThatOfTheLastSeconds) {
  Rate rate;
  const Instant start{};
  EXPECT_EQ(rate.bytes_per_second(), 0);
  for (int i = 0; i <= 20; ++i)
    rate.add(static_cast<std::uint64_t>(i < 10 ? 0 : (i - 10) * 100), start + seconds(i));
  EXPECT_NEAR(rate.bytes_per_second(), 100, 1);
  rate.add(0, start + seconds(21));
  EXPECT_EQ(rate.bytes_per_second(), 0) << "bytes were thrown away";
}

}  // namespace
}  // namespace sanctum::hub
