// A row of logits cut into blocks, with the largest of each: what asks for the likeliest few reads
// the maxima and a few blocks instead of the row.
//
// Contract: the row is the caller's, outlives this and is not written meanwhile; one thread reads
// it. A block's sum has four lanes, then halves of halves: one order, and no instruction but the
// four of arithmetic, so that its bits are the same on every machine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace sanctum::engine {

class LogitBlocks {
 public:
  // So many that the maxima are few, so few that the blocks of the likeliest are soon read.
  static constexpr std::size_t kBlock = 256;

  // At least one logit. Writes -inf over what is NaN or +inf.
  explicit LogitBlocks(std::span<float> logits);

  std::span<const float> logits() const { return logits_; }
  std::size_t size() const { return logits_.size(); }
  // The largest, and the smallest id that has it. -inf and 0 when no logit is finite.
  float largest() const { return largest_; }
  int best() const { return best_; }

  // What `count` of the logits reach, at least 1 and at most all: the count-th largest, or less.
  // Up to the number of blocks it reads the maxima alone.
  float reached_by(std::size_t count) const;

  // Calls take(id) for every logit of at least `cut`, in the order of their ids.
  template <class Take>
  void each_from(float cut, const Take& take) const {
    for (std::size_t block = 0; block < maxima_.size(); ++block) {
      if (!(maxima_[block] >= cut)) continue;
      const std::size_t first = block * kBlock;
      const std::span<const float> part = of(block);
      for (std::size_t i = 0; i < part.size(); ++i)
        if (part[i] >= cut) take(static_cast<int>(first + i));
    }
  }

  // Of each block, the sum of exp((logit - largest) / temperature), wrong by less than
  // kWeightError of it; weights under 1e-307 count as 0. Needs a finite logit. Valid until they are
  // asked for at another temperature.
  static constexpr double kWeightError = 2e-11;
  const std::vector<double>& weights(double temperature);
  // Of all of them, in the order of the blocks.
  double total_weight(double temperature);

  std::span<const float> of(std::size_t block) const {
    const std::size_t first = block * kBlock;
    return logits_.subspan(first, std::min(kBlock, logits_.size() - first));
  }

 private:
  bool find_maxima();  // says whether no logit is NaN or +inf

  std::span<const float> logits_;
  std::vector<float> maxima_;
  float largest_;
  int best_;
  std::vector<double> weights_;
  double weights_at_ = 0;  // the temperature
};

}  // namespace sanctum::engine
