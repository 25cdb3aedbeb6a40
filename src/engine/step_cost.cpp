#include "engine/step_cost.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sanctum::engine {
namespace {

constexpr double kKept = 0.9;  // of what is known of a size, with each step of that size
// Milliseconds, before any step ran: slow, so that the first step is short on any device.
constexpr double kFixedBefore = 8, kEachBefore = 25;
constexpr double kOrigin = 1e-3;   // weight of "no rows, no time" beside the smallest size's 1
constexpr double kEachMin = 1e-4;  // milliseconds of a row
constexpr double kRowsGrowth = 2;  // of the largest step that ran
constexpr double kRowsMax = 1 << 20;
constexpr double kEncodeShare = 0.3;  // of a new measurement

}  // namespace

void StepCost::observe(int rows, double ms) {
  const int k = std::min(static_cast<int>(std::bit_width(static_cast<unsigned>(rows))), kSizes) - 1;
  Size& size = sizes_[static_cast<std::size_t>(k)];
  size.weight = kKept * size.weight + 1;
  size.rows += (rows - size.rows) / size.weight;
  size.ms += (ms - size.ms) / size.weight;
}

StepCost::Line StepCost::line() const {
  // A size weighs by the square of its rows too: a tenth too much is as bad of two rows as of two
  // hundred.
  double n = 0, r = 0, rr = 0, t = 0, rt = 0;
  for (const Size& size : sizes_) {
    if (size.weight == 0) continue;
    const double weight = size.weight / (size.rows * size.rows);
    if (n == 0) n = kOrigin * weight;
    n += weight;
    r += weight * size.rows;
    rr += weight * size.rows * size.rows;
    t += weight * size.ms;
    rt += weight * size.rows * size.ms;
  }
  if (n == 0) return {kFixedBefore, kEachBefore};
  const double each = std::max((n * rt - r * t) / (n * rr - r * r), kEachMin);
  return {std::max((t - each * r) / n, 0.0), each};
}

double StepCost::predict(int rows) const {
  const Line found = line();
  return rows > 0 ? found.fixed + found.each * rows : 0;
}

int StepCost::rows_within(double ms) const {
  const Line found = line();
  const auto largest = std::find_if(sizes_.rbegin(), sizes_.rend(),
                                    [](const Size& size) { return size.weight > 0; });
  double rows = std::max(std::floor((ms - found.fixed) / found.each), 0.0);
  if (largest != sizes_.rend()) rows = std::min(rows, kRowsGrowth * largest->rows);
  return static_cast<int>(std::min(rows, kRowsMax));
}

void EncodeCost::observe(double work, double ms) {
  if (work <= 0 || ms <= 0) return;
  per_ms_ += kEncodeShare * (work / ms - per_ms_);
}

}  // namespace sanctum::engine
