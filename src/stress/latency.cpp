#include "stress/latency.h"

#include <algorithm>
#include <cmath>

namespace sanctum::stress {
namespace {

constexpr double kGrowth = 1.01;
constexpr std::size_t kBucketsMax = 2800;  // 1.01^2800 us is more than ten days

std::size_t bucket_of(std::int64_t us) {
  if (us <= 1) return 0;
  const double place = std::ceil(std::log(static_cast<double>(us)) / std::log(kGrowth));
  return std::min(static_cast<std::size_t>(place), kBucketsMax - 1);
}

}  // namespace

void Latency::add(std::int64_t us) {
  const auto bucket = bucket_of(us);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  largest_us_ = std::max(largest_us_, us);
}

double Latency::percentile_us(double rank) const {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(rank * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) {
      return std::min(std::pow(kGrowth, static_cast<double>(bucket)),
                      static_cast<double>(largest_us_));
    }
  }
  return static_cast<double>(largest_us_);
}

}  // namespace sanctum::stress
