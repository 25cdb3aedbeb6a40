// How far a download is, in words. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "base/clock.h"

namespace sanctum::hub {

struct ProgressView {
  std::uint64_t bytes_done = 0, bytes_total = 0;
  int files_done = 0, files_total = 0;
};

// Bytes a second over the last kRateWindow. Falls when bytes were thrown away.
class Rate {
 public:
  void add(std::uint64_t bytes_done, Instant now);
  double bytes_per_second() const;

 private:
  struct Sample {
    std::uint64_t bytes;
    Instant at;
  };
  std::deque<Sample> samples_;
};
inline constexpr std::chrono::seconds kRateWindow{10};

// "1.20 GB of 4.50 GB (26%), 85.1 MB/s, 0:39 left, 3 of 12 files". Without a rate, without what it
// tells.
std::string progress_text(const ProgressView& view, double bytes_per_second);

// "0:39", "1:02:05"; of more than 99 hours "long".
std::string time_left_text(double seconds);

}  // namespace sanctum::hub
