#include "engine/logit_blocks.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>

namespace sanctum::engine {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kGroup = 16;  // logits read at a time, so that none of four vectors waits for another

// What every 64-bit machine has registers for: one path, whose bits no instruction set changes.
using Floats = float __attribute__((vector_size(16)));
using Integers = std::int32_t __attribute__((vector_size(16)));
using Doubles = double __attribute__((vector_size(16)));
using Words = std::uint64_t __attribute__((vector_size(16)));

Floats load(const float* from) {
  Floats out;
  std::memcpy(&out, from, sizeof out);
  return out;
}

Doubles load_wide(const float* from) {
  using Pair = float __attribute__((vector_size(8)));
  Pair pair;
  std::memcpy(&pair, from, sizeof pair);
  return __builtin_convertvector(pair, Doubles);
}

// Calls work with 16 logits after another; the last are filled up with -inf.
template <class Work>
void each_group(std::span<const float> block, const Work& work) {
  std::size_t i = 0;
  for (; i + kGroup <= block.size(); i += kGroup) work(block.data() + i);
  if (i == block.size()) return;
  float rest[kGroup];
  std::fill(rest, rest + kGroup, -kInfinity);
  std::copy(block.begin() + static_cast<std::ptrdiff_t>(i), block.end(), rest);
  work(rest);
}

// b where a is NaN.
Floats larger(Floats a, Floats b) {
  return a > b ? a : b;
}

// exp for x <= 0, 0 where that is below 1e-307: a power of two times Taylor's polynomial, its terms
// paired (Estrin) because the loop waits for the longest chain of them.
Doubles exp_of(Doubles x) {
  constexpr double kRounds = 0x1.8p52;  // added, leaves an integer in a double's lowest bits
  constexpr double kLogTwoHigh = 0x1.62e42feep-1, kLogTwoLow = 0x1.a39ef35793c76p-33;
  const Doubles shifted = x * 0x1.71547652b82fep0 + kRounds, n = shifted - kRounds;
  const Doubles r = (x - n * kLogTwoHigh) - n * kLogTwoLow, r2 = r * r, r4 = r2 * r2;
  const Doubles low = (1 + r) + (1.0 / 2 + r * (1.0 / 6)) * r2;
  const Doubles middle = (1.0 / 24 + r * (1.0 / 120)) + (1.0 / 720 + r * (1.0 / 5040)) * r2;
  const Doubles power = low + (middle + (1.0 / 40320 + r * (1.0 / 362880)) * r4) * r4;
  Words bits, exponent;
  std::memcpy(&bits, &power, sizeof bits);
  std::memcpy(&exponent, &shifted, sizeof exponent);
  bits += exponent << 52;
  Doubles out;
  std::memcpy(&out, &bits, sizeof out);
  return x >= -707.0 ? out : Doubles{};
}

}  // namespace

LogitBlocks::LogitBlocks(std::span<float> logits)
    : logits_(logits), maxima_((logits.size() + kBlock - 1) / kBlock) {
  if (!find_maxima()) {
    for (float& logit : logits)
      if (!(logit < kInfinity)) logit = -kInfinity;
    find_maxima();
  }
  const auto top = std::max_element(maxima_.begin(), maxima_.end());
  const auto block = static_cast<std::size_t>(top - maxima_.begin());
  const std::span<const float> part = of(block);
  best_ = static_cast<int>(block * kBlock) +
          static_cast<int>(std::find(part.begin(), part.end(), *top) - part.begin());
  largest_ = logits_[static_cast<std::size_t>(best_)];
}

bool LogitBlocks::find_maxima() {
  Integers finite = ~Integers{};
  for (std::size_t block = 0; block < maxima_.size(); ++block) {
    Floats top[4];
    for (Floats& t : top) t = Floats{} - kInfinity;
    each_group(of(block), [&](const float* group) {
      for (int v = 0; v < 4; ++v) {
        const Floats x = load(group + 4 * v);
        top[v] = larger(x, top[v]);
        finite &= x < kInfinity;
      }
    });
    const Floats of4 = larger(larger(top[0], top[1]), larger(top[2], top[3]));
    maxima_[block] = std::max(std::max(of4[0], of4[1]), std::max(of4[2], of4[3]));
  }
  return (finite[0] & finite[1] & finite[2] & finite[3]) != 0;
}

float LogitBlocks::reached_by(std::size_t count) const {
  // As many blocks as that have one each. Beyond their number, the logits themselves.
  std::vector<float> all = maxima_;
  if (count > all.size()) all.assign(logits_.begin(), logits_.end());
  const auto place = all.begin() + static_cast<std::ptrdiff_t>(count) - 1;
  std::nth_element(all.begin(), place, all.end(), std::greater<>());
  return *place;
}

const std::vector<double>& LogitBlocks::weights(double temperature) {
  if (temperature == weights_at_) return weights_;
  weights_at_ = temperature;
  weights_.resize(maxima_.size());
  const double largest = largest_;
  const double inverse = std::min(1 / temperature, std::numeric_limits<double>::max());
  const auto weigh = [&](const float* from) {
    return exp_of((load_wide(from) - largest) * inverse);
  };
  for (std::size_t block = 0; block < weights_.size(); ++block) {
    Doubles low{}, high{};
    each_group(of(block), [&](const float* group) {
      for (int i = 0; i < kGroup; i += 4) {
        low += weigh(group + i);
        high += weigh(group + i + 2);
      }
    });
    const Doubles sum = low + high;
    weights_[block] = sum[0] + sum[1];
  }
  return weights_;
}

double LogitBlocks::total_weight(double temperature) {
  double total = 0;
  for (const double weight : weights(temperature)) total += weight;
  return total;
}

}  // namespace sanctum::engine
