#include "gguf/levels.h"

#include <bit>
#include <cstring>

#include "base/invariant.h"
#include "gguf/half.h"

namespace sanctum::gguf {
namespace {

using Byte = std::uint8_t;

std::uint16_t word(const Byte* at) {
  std::uint16_t bits;
  std::memcpy(&bits, at, sizeof bits);
  return bits;
}

float float16(const Byte* at) {
  return from_float16(word(at));
}

// The values of the non-linear types, by code.
constexpr std::array<std::int8_t, 16> kIq4{-127, -104, -83, -65, -49, -35, -22, -10,
                                           1,    13,   25,  38,  53,  69,  89,  113};
constexpr std::array<std::int8_t, 16> kE2m1Doubled{0, 1,  2,  3,  4,  6,  8,  12,
                                                   0, -1, -2, -3, -4, -6, -8, -12};

// 16 bytes: the low halves are the first 16 weights, the high ones the next.
void nibbles(const Byte* qs, int offset, std::int8_t* level) {
  for (int i = 0; i < 16; ++i) {
    level[i] = static_cast<std::int8_t>((qs[i] & 15) - offset);
    level[i + 16] = static_cast<std::int8_t>((qs[i] >> 4) - offset);
  }
}

void coded(const Byte* qs, const std::array<std::int8_t, 16>& values, std::int8_t* level) {
  for (int i = 0; i < 16; ++i) {
    level[i] = values[qs[i] & 15];
    level[i + 16] = values[qs[i] >> 4];
  }
}

void fifth_bits(const Byte* high, int offset, std::int8_t* level) {
  std::uint32_t bits;
  std::memcpy(&bits, high, sizeof bits);
  for (int i = 0; i < 32; ++i)
    level[i] = static_cast<std::int8_t>((level[i] | static_cast<int>(bits >> i & 1) << 4) - offset);
}

void q4_0(const Byte* b, Levels& out) {
  out.scale[0] = float16(b);
  nibbles(b + 2, 8, out.level.data());
}

void q4_1(const Byte* b, Levels& out) {
  out.biased = true;
  out.scale[0] = float16(b);
  out.bias[0] = float16(b + 2);
  nibbles(b + 4, 0, out.level.data());
}

void q5_0(const Byte* b, Levels& out) {
  out.scale[0] = float16(b);
  nibbles(b + 6, 0, out.level.data());
  fifth_bits(b + 2, 16, out.level.data());
}

void q5_1(const Byte* b, Levels& out) {
  out.biased = true;
  out.scale[0] = float16(b);
  out.bias[0] = float16(b + 2);
  nibbles(b + 8, 0, out.level.data());
  fifth_bits(b + 4, 0, out.level.data());
}

void q8_0(const Byte* b, Levels& out) {
  out.scale[0] = float16(b);
  std::memcpy(out.level.data(), b + 2, 32);
}

void iq4_nl(const Byte* b, Levels& out) {
  out.scale[0] = float16(b);
  coded(b + 2, kIq4, out.level.data());
}

void mxfp4(const Byte* b, Levels& out) {
  // Half of 2^(e - 127), because the values are doubled.
  const std::uint32_t e = b[0];
  out.scale[0] = std::bit_cast<float>(e < 2 ? 0x00200000u << e : (e - 1) << 23);
  coded(b + 1, kE2m1Doubled, out.level.data());
}

// 8 scales and 8 minima of 6 bits in 12 bytes, times d and -dmin.
void six_bit_scales(const Byte* s, float d, float dmin, Levels& out) {
  out.biased = true;
  for (int i = 0; i < 4; ++i) {
    const int high_scale = (s[8 + i] & 15) | (s[i] >> 2 & 0x30);
    const int high_min = (s[8 + i] >> 4) | (s[4 + i] >> 2 & 0x30);
    const auto at = static_cast<std::size_t>(i);
    out.scale[at] = d * static_cast<float>(s[i] & 63);
    out.bias[at] = -(dmin * static_cast<float>(s[4 + i] & 63));
    out.scale[at + 4] = d * static_cast<float>(high_scale);
    out.bias[at + 4] = -(dmin * static_cast<float>(high_min));
  }
}

// Of 32 bytes, low halves and then high ones.
void wide_nibbles(const Byte* qs, std::int8_t* level) {
  for (int part = 0; part < 4; ++part) {
    for (int i = 0; i < 32; ++i) {
      level[part * 64 + i] = static_cast<std::int8_t>(qs[part * 32 + i] & 15);
      level[part * 64 + 32 + i] = static_cast<std::int8_t>(qs[part * 32 + i] >> 4);
    }
  }
}

void q4_k(const Byte* b, Levels& out) {
  six_bit_scales(b + 4, float16(b), float16(b + 2), out);
  wide_nibbles(b + 16, out.level.data());
}

void q5_k(const Byte* b, Levels& out) {
  six_bit_scales(b + 4, float16(b), float16(b + 2), out);
  wide_nibbles(b + 48, out.level.data());
  for (std::size_t i = 0; i < 256; ++i)
    out.level[i] = static_cast<std::int8_t>(out.level[i] | (b[16 + i % 32] >> (i / 32) & 1) << 4);
}

void q6_k(const Byte* b, Levels& out) {
  const Byte *low = b, *high = b + 128, *scales = b + 192;
  const float d = float16(b + 208);
  out.group = 16;
  for (std::size_t i = 0; i < 16; ++i)
    out.scale[i] = d * static_cast<float>(static_cast<std::int8_t>(scales[i]));
  for (std::size_t i = 0; i < 256; ++i) {
    // Halves of 128 weights; in one, 64 low halves of bytes, then 64 high ones.
    const std::size_t half = i / 128, in = i % 128;
    const int low_bits = low[half * 64 + in % 64] >> (in / 64 * 4) & 15;
    const int high_bits = high[half * 32 + in % 32] >> (in / 32 * 2) & 3;
    out.level[i] = static_cast<std::int8_t>((low_bits | high_bits << 4) - 32);
  }
}

void q2_k(const Byte* b, Levels& out) {
  const Byte *scales = b, *qs = b + 16;
  const float d = float16(b + 80), dmin = float16(b + 82);
  out.group = 16;
  out.biased = true;
  for (std::size_t i = 0; i < 16; ++i) {
    out.scale[i] = d * static_cast<float>(scales[i] & 15);
    out.bias[i] = -(dmin * static_cast<float>(scales[i] >> 4));
  }
  for (std::size_t i = 0; i < 256; ++i)
    out.level[i] = static_cast<std::int8_t>(qs[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3);
}

void q3_k(const Byte* b, Levels& out) {
  const Byte *mask = b, *qs = b + 32, *scales = b + 96;
  const float d = float16(b + 108);
  out.group = 16;
  for (std::size_t i = 0; i < 16; ++i) {
    const int low = scales[i % 8] >> (i / 8 * 4) & 15;
    const int high = scales[8 + i % 4] >> (i / 4 * 2) & 3;
    out.scale[i] = d * static_cast<float>((low | high << 4) - 32);
  }
  for (std::size_t i = 0; i < 256; ++i) {
    const int low = qs[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
    const int kept = mask[i % 32] >> (i / 32) & 1;  // a clear bit takes 4 away
    out.level[i] = static_cast<std::int8_t>(low - 4 * (1 - kept));
  }
}

void iq4_xs(const Byte* b, Levels& out) {
  const float d = float16(b);
  const std::uint16_t high = word(b + 2);
  for (std::size_t i = 0; i < 8; ++i) {
    const int low = b[4 + i / 2] >> (i % 2 * 4) & 15;
    out.scale[i] = d * static_cast<float>((low | (high >> (2 * i) & 3) << 4) - 32);
    coded(b + 8 + 16 * i, kIq4, out.level.data() + 32 * i);
  }
}

void widen(Type type, const std::byte* from, std::size_t count, float* to) {
  if (type == Type::kF32) {
    std::memcpy(to, from, count * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t bits = word(reinterpret_cast<const Byte*>(from) + 2 * i);
    to[i] = type == Type::kF16 ? from_float16(bits) : from_bfloat16(bits);
  }
}

}  // namespace

void read_levels(Type type, const std::byte* block, Levels& out) {
  const Byte* b = reinterpret_cast<const Byte*>(block);
  out.group = 32;
  out.biased = false;
  switch (type) {
    case Type::kQ4_0:
      return q4_0(b, out);
    case Type::kQ4_1:
      return q4_1(b, out);
    case Type::kQ5_0:
      return q5_0(b, out);
    case Type::kQ5_1:
      return q5_1(b, out);
    case Type::kQ8_0:
      return q8_0(b, out);
    case Type::kQ2_K:
      return q2_k(b, out);
    case Type::kQ3_K:
      return q3_k(b, out);
    case Type::kQ4_K:
      return q4_k(b, out);
    case Type::kQ5_K:
      return q5_k(b, out);
    case Type::kQ6_K:
      return q6_k(b, out);
    case Type::kIQ4_NL:
      return iq4_nl(b, out);
    case Type::kIQ4_XS:
      return iq4_xs(b, out);
    case Type::kMXFP4:
      return mxfp4(b, out);
    case Type::kF32:
    case Type::kF16:
    case Type::kBF16:
      break;
  }
  SANCTUM_INVARIANT(false, "the type is quantized");
}

void dequantize(Type type, const std::byte* from, std::size_t blocks, float* to) {
  const TypeInfo& about = info(type);
  if (!about.quantized()) return widen(type, from, blocks, to);
  Levels levels;
  for (std::size_t block = 0; block < blocks; ++block) {
    read_levels(type, from + block * about.block_bytes, levels);
    for (std::size_t i = 0; i < about.block_weights; ++i) {
      const std::size_t group = i / static_cast<std::size_t>(levels.group);
      const float product = levels.scale[group] * static_cast<float>(levels.level[i]);
      *to++ = levels.biased ? product + levels.bias[group] : product;
    }
  }
}

}  // namespace sanctum::gguf
