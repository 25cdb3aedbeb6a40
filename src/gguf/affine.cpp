#include "gguf/affine.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "gguf/half.h"
#include "gguf/levels.h"

namespace sanctum::gguf {
namespace {

// Added to a level to make it a q; a power of two, so that a bias of -zero * scale is as exact as
// the scale.
int zero_of(Type type) {
  switch (type) {
    case Type::kQ4_0:
      return 8;
    case Type::kQ5_0:
    case Type::kMXFP4:
      return 16;
    case Type::kQ8_0:
    case Type::kIQ4_NL:
    case Type::kIQ4_XS:
      return 128;
    default:
      return 0;  // has minima
  }
}

// The comparison is negated so that NaN fails it.
std::uint16_t checked_float16(float value) {
  if (!(std::fabs(value) <= kFloat16Max))
    throw Error(ErrorCode::kInvalid,
                "has a scale or bias that is no number or over float16's range of 65504");
  return to_float16(value);
}

float step_up(std::uint16_t bits) {
  return from_float16(static_cast<std::uint16_t>(bits + 1));
}

// The next float16 that is not under a value >= 0.
float at_least(float value) {
  const std::uint16_t bits = checked_float16(value);
  return from_float16(bits) < value ? step_up(bits) : from_float16(bits);
}

float at_most(float value) {
  const float nearest = from_float16(checked_float16(value));
  if (nearest <= value) return nearest;
  const std::uint16_t bits = to_float16(nearest);
  if (nearest > 0) return from_float16(static_cast<std::uint16_t>(bits - 1));
  return nearest == 0 ? from_float16(0x8001) : step_up(bits);  // away from zero
}

void pack(const std::uint8_t* q, int bits, std::byte* to) {
  if (bits == 8) {
    std::memcpy(to, q, kAffineGroup);
    return;
  }
  for (int i = 0; i < kAffineGroup / 2; ++i)
    to[i] = static_cast<std::byte>(q[2 * i] | q[2 * i + 1] << 4);
}

void requantize(const Levels& levels, int first, std::uint8_t* q, float& scale, float& bias) {
  float weights[kAffineGroup];
  for (int i = 0; i < kAffineGroup; ++i) {
    const std::size_t at = static_cast<std::size_t>(first) + i;
    const std::size_t group = at / static_cast<std::size_t>(levels.group);
    weights[i] = levels.scale[group] * static_cast<float>(levels.level[at]) +
                 (levels.biased ? levels.bias[group] : 0);
  }
  const auto [low, high] = std::minmax_element(std::begin(weights), std::end(weights));
  bias = at_most(*low);
  scale = at_least((*high - bias) / 255);
  const float inverse = scale > 0 ? 1 / scale : 0;
  for (int i = 0; i < kAffineGroup; ++i)
    q[i] = static_cast<std::uint8_t>(
        std::clamp(std::nearbyint((weights[i] - bias) * inverse), 0.0f, 255.0f));
}

}  // namespace

int affine_bits(Type type) {
  return type == Type::kQ4_0 || type == Type::kQ4_1 || type == Type::kQ4_K ? 4 : 8;
}

void to_affine(Type type, const std::byte* from, std::size_t blocks, AffineOut to) {
  const TypeInfo& about = info(type);
  const int bits = affine_bits(type), zero = zero_of(type);
  Levels levels;
  std::uint8_t q[kAffineGroup];
  for (std::size_t block = 0; block < blocks; ++block) {
    read_levels(type, from + block * about.block_bytes, levels);
    for (int first = 0; first < static_cast<int>(about.block_weights); first += kAffineGroup) {
      float scale = 0, bias = 0;
      if (levels.group == kAffineGroup) {
        const auto group = static_cast<std::size_t>(first / kAffineGroup);
        scale = levels.scale[group];
        bias = levels.biased ? levels.bias[group] : -static_cast<float>(zero) * scale;
        for (int i = 0; i < kAffineGroup; ++i)
          q[i] =
              static_cast<std::uint8_t>(levels.level[static_cast<std::size_t>(first) + i] + zero);
      } else {
        for (std::size_t half = 0; half < 2; ++half) {  // before they are compared
          const std::size_t group = static_cast<std::size_t>(first) / 16 + half;
          checked_float16(levels.scale[group]);
          if (levels.biased) checked_float16(levels.bias[group]);
        }
        requantize(levels, first, q, scale, bias);
      }
      *to.scales++ = checked_float16(scale);
      *to.biases++ = checked_float16(bias);
      pack(q, bits, to.words);
      to.words += kAffineGroup * bits / 8;
    }
  }
}

}  // namespace sanctum::gguf
