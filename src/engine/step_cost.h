// What work costs on this device, learned from the work that was done. Pure arithmetic, no clock.
#pragma once

#include <array>

namespace sanctum::engine {

// Of a step: so many milliseconds, and so many more for each row of tokens. A weighted
// least-squares line through the steps that ran, sorted by size: a size is forgotten only as newer
// steps of that size come, so that an hour of small steps does not unlearn what a row costs. What
// was never seen is taken to cost in proportion to what was, and no step is called affordable that
// has more than twice the rows of the largest one that ran.
class StepCost {
 public:
  void observe(int rows, double ms);  // at least one row
  double predict(int rows) const;     // milliseconds
  int rows_within(double ms) const;

 private:
  // Steps of 2^k to 2^(k+1) - 1 rows: their weight, and its share of rows and milliseconds.
  struct Size {
    double weight = 0, rows = 0, ms = 0;
  };
  static constexpr int kSizes = 20;

  struct Line {
    double fixed, each;
  };
  Line line() const;

  std::array<Size, kSizes> sizes_{};
};

// Of encoding pictures: multiply-adds in a millisecond.
class EncodeCost {
 public:
  void observe(double work, double ms);
  double work_within(double ms) const { return ms * per_ms_; }

 private:
  double per_ms_ = 5e6;  // before anything was measured: slow, so that the first part is short
};

}  // namespace sanctum::engine
