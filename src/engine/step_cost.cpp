#include "engine/step_cost.h"

#include <algorithm>
#include <cmath>

namespace sanctum::engine {
namespace {

constexpr double kKept = 0.97;     // of the past's weight, with each step
constexpr double kAssumed = 0.02;  // weight of each made-up step
constexpr int kAssumedRows[] = {1, 64};
constexpr double kAssumedMs[] = {10, 140};
constexpr double kEachMin = 1e-4;  // milliseconds of a row
constexpr double kRowsWithinMax = 1e6;
constexpr double kEncodeShare = 0.3;  // of a new measurement

}  // namespace

void StepCost::observe(int rows, double ms) {
  for (double* sum : {&n_, &r_, &rr_, &t_, &rt_}) *sum *= kKept;
  n_ += 1;
  r_ += rows;
  rr_ += static_cast<double>(rows) * rows;
  t_ += ms;
  rt_ += rows * ms;
}

StepCost::Line StepCost::line() const {
  double n = n_, r = r_, rr = rr_, t = t_, rt = rt_;
  for (int i = 0; i < 2; ++i) {
    n += kAssumed;
    r += kAssumed * kAssumedRows[i];
    rr += kAssumed * kAssumedRows[i] * kAssumedRows[i];
    t += kAssumed * kAssumedMs[i];
    rt += kAssumed * kAssumedRows[i] * kAssumedMs[i];
  }
  const double each = std::max((n * rt - r * t) / (n * rr - r * r), kEachMin);
  return {std::max((t - each * r) / n, 0.0), each};
}

double StepCost::predict(int rows) const {
  const Line found = line();
  return rows > 0 ? found.fixed + found.each * rows : 0;
}

int StepCost::rows_within(double ms) const {
  const Line found = line();
  return static_cast<int>(
      std::clamp(std::floor((ms - found.fixed) / found.each), 0.0, kRowsWithinMax));
}

void EncodeCost::observe(double work, double ms) {
  if (work <= 0 || ms <= 0) return;
  per_ms_ += kEncodeShare * (work / ms - per_ms_);
}

}  // namespace sanctum::engine
