// Latencies in bounded memory, however long the run.
//
// Contract: percentiles are nearest-rank over buckets 1 % wide, so within 1 % of the exact value,
// and never above the largest one seen. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace sanctum::stress {

class Latency {
 public:
  void add(std::int64_t us);
  std::uint64_t count() const { return count_; }
  // 0 < rank <= 1. Microseconds; 0 when nothing was added.
  double percentile_us(double rank) const;
  std::int64_t largest_us() const { return largest_us_; }

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t largest_us_ = 0;
};

}  // namespace sanctum::stress
