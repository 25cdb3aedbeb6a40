// What work costs on this device, learned from the work that was done. Pure arithmetic, no clock.
#pragma once

namespace sanctum::engine {

// Of a step: so many milliseconds, and so many more for each row of tokens. A weighted
// least-squares line through the steps that ran, of which older ones count less; two made-up steps
// keep it a line before there are any.
class StepCost {
 public:
  void observe(int rows, double ms);
  double predict(int rows) const;  // milliseconds
  int rows_within(double ms) const;

 private:
  struct Line {
    double fixed, each;
  };
  Line line() const;

  // Sums over steps: weight, rows, rows squared, milliseconds, rows * milliseconds.
  double n_ = 0, r_ = 0, rr_ = 0, t_ = 0, rt_ = 0;
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
