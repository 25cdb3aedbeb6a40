#include "convert/affine_quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sanctum::convert {
namespace {

constexpr float kScaleMin = 1e-7f;  // MLX's

// Bits one after another, the first the lowest.
class BitWriter {
 public:
  explicit BitWriter(std::byte* to) : to_(to) {}
  void add(unsigned value, int bits) {
    held_ |= value << count_;
    for (count_ += bits; count_ >= 8; count_ -= 8, held_ >>= 8)
      *to_++ = static_cast<std::byte>(held_ & 255);
  }

 private:
  std::byte* to_;
  unsigned held_ = 0;
  int count_ = 0;
};

struct Range {
  float scale, bias;
};

Range range_of(const float* group, int size, float steps) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (int i = 0; i < size; ++i) {
    high = std::max(high, group[i]);
    low = std::min(low, group[i]);
  }
  const bool from_low = std::fabs(low) > std::fabs(high);
  float scale = std::max((high - low) / steps, kScaleMin);
  if (!from_low) scale = -scale;
  const float edge = from_low ? low : high;
  const float q = std::rint(edge / scale);
  return q == 0 ? Range{scale, 0} : Range{edge / q, edge};
}

}  // namespace

bool is_affine_bits(int bits) {
  return bits >= 2 && bits <= 8 && bits != 7;
}

bool is_affine_group(int group_size) {
  return group_size == 32 || group_size == 64 || group_size == 128;
}

void quantize(const float* from, std::size_t count, Affine how, Dtype dtype, std::byte* words,
              std::byte* scales, std::byte* biases) {
  const auto steps = static_cast<float>((1 << how.bits) - 1);
  const auto size = static_cast<std::size_t>(how.group_size);
  BitWriter out(words);
  for (std::size_t first = 0; first < count; first += size) {
    const float* group = from + first;
    const Range range = range_of(group, how.group_size, steps);
    for (std::size_t i = 0; i < size; ++i) {
      const float q = std::rint((group[i] - range.bias) / range.scale);
      out.add(static_cast<unsigned>(std::min(std::max(q, 0.0f), steps)), how.bits);
    }
    write_number(dtype, range.scale, scales);
    write_number(dtype, range.bias, biases);
    scales += bytes_of(dtype);
    biases += bytes_of(dtype);
  }
}

}  // namespace sanctum::convert
