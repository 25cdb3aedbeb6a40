// The vector of sixteen lanes that every machine has, in plain C++, for the kernels. File is a type
// private to the file that includes this, so that each has a copy of its own: see
// quantized_panel.h's rule.
#pragma once

#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/attention_kernel.h"
#include "kernels/float_matmul_kernel.h"
#include "kernels/gated_delta_kernel.h"
#include "kernels/half.h"
#include "kernels/quantized_panel.h"
#include "kernels/row_kernels.h"

namespace sanctum::kernels {

template <class File>
struct PortableVector {
  static constexpr int kLanes = 16;
  static constexpr int kRowsMax = 4;
  struct I {
    std::uint32_t at[kLanes];
  };
  struct F {
    float at[kLanes];
  };

  static I zero_i() { return {}; }
  static F zero_f() { return {}; }
  static I load_i(const std::uint8_t* from) {
    I out;
    std::memcpy(out.at, from, sizeof out.at);
    return out;
  }
  template <class Make>
  static I each(const Make& make) {
    I out;
    for (int i = 0; i < kLanes; ++i) out.at[i] = make(i);
    return out;
  }
  template <class Make>
  static F each_f(const Make& make) {
    F out;
    for (int i = 0; i < kLanes; ++i) out.at[i] = make(i);
    return out;
  }
  static I low_nibbles(const I& a) {
    return each([&](int i) { return a.at[i] & 0x0f0f0f0fu; });
  }
  static I high_nibbles(const I& a) {
    return each([&](int i) { return a.at[i] >> 4 & 0x0f0f0f0fu; });
  }
  static I e2m1_bytes(const I& codes) {
    return each([&](int i) {
      std::uint32_t out = 0;
      for (int shift = 0; shift < 32; shift += 8)
        out |= static_cast<std::uint32_t>(kE2m1Bytes[codes.at[i] >> shift & 15]) << shift;
      return out;
    });
  }
  static I even_bytes(const I& a) {
    return each([&](int i) { return a.at[i] & 0x00ff00ffu; });
  }
  static I odd_bytes(const I& a) {
    return each([&](int i) { return a.at[i] >> 8 & 0x00ff00ffu; });
  }
  static I add_i(const I& a, const I& b) {
    return each([&](int i) { return a.at[i] + b.at[i]; });
  }
  static I times_256(const I& a) {
    return each([&](int i) { return a.at[i] << 8; });
  }
  // Unsigned bytes of w times four signed ones; two's complement makes the unsigned sum right.
  static I dot_nibbles(const I& sum, const I& w, const std::int8_t* x) {
    return each([&](int i) {
      std::uint32_t total = sum.at[i];
      for (int j = 0; j < 4; ++j)
        total +=
            (w.at[i] >> 8 * j & 0xff) * static_cast<std::uint32_t>(static_cast<std::int32_t>(x[j]));
      return total;
    });
  }
  static I nibble_sums(const I& sum) { return sum; }
  static I dot_bytes(const I& sum, const I& w, const std::int8_t* x) {
    return dot_nibbles(sum, w, x);
  }
  static I dot_words(const I& sum, const I& w, const std::int16_t* x) {
    return each([&](int i) {
      return sum.at[i] +
             (w.at[i] & 0xffff) * static_cast<std::uint32_t>(static_cast<std::int32_t>(x[0])) +
             (w.at[i] >> 16) * static_cast<std::uint32_t>(static_cast<std::int32_t>(x[1]));
    });
  }
  static F to_float(const I& a) {
    return each_f([&](int i) { return static_cast<float>(static_cast<std::int32_t>(a.at[i])); });
  }
  static F mul(const F& a, const F& b) {
    return each_f([&](int i) { return a.at[i] * b.at[i]; });
  }
  static F fma(const F& a, const F& b, const F& c) {
    return each_f([&](int i) { return std::fma(a.at[i], b.at[i], c.at[i]); });
  }
  static F broadcast(float value) {
    return each_f([&](int) { return value; });
  }
  template <int kType>
  static F load_numbers(const void* from, int index) {
    constexpr auto kStored = static_cast<NumberType>(kType);
    const auto* at =
        static_cast<const std::uint8_t*>(from) + index * static_cast<long>(bytes_of(kStored));
    return each_f([&](int i) { return kernels::to_float(at + i * bytes_of(kStored), kStored); });
  }
  static F load_int8(const void* from, int index) {
    const auto* at = static_cast<const std::int8_t*>(from) + index;
    return each_f([&](int i) { return static_cast<float>(at[i]); });
  }
  static F load_f(const float* from) {
    return each_f([&](int i) { return from[i]; });
  }
  static F add(const F& a, const F& b) {
    return each_f([&](int i) { return a.at[i] + b.at[i]; });
  }
  static F sub(const F& a, const F& b) {
    return each_f([&](int i) { return a.at[i] - b.at[i]; });
  }
  // b where either is no number.
  static F max(const F& a, const F& b) {
    return each_f([&](int i) { return a.at[i] > b.at[i] ? a.at[i] : b.at[i]; });
  }
  static F min(const F& a, const F& b) {
    return each_f([&](int i) { return a.at[i] < b.at[i] ? a.at[i] : b.at[i]; });
  }
  static F div(const F& a, const F& b) {
    return each_f([&](int i) { return a.at[i] / b.at[i]; });
  }
  static F negative_abs(const F& a) {
    return each_f([&](int i) { return -std::fabs(a.at[i]); });
  }
  static F where_negative(const F& x, const F& a, const F& b) {
    return each_f([&](int i) { return std::signbit(x.at[i]) ? a.at[i] : b.at[i]; });
  }
  static F round(const F& a) {
    return each_f([&](int i) { return __builtin_rintf(a.at[i]); });
  }
  static F times_power_of_two(const F& a, const F& n) {
    return each_f([&](int i) {
      const int power = n.at[i] > -1000 ? static_cast<int>(n.at[i]) : 0;
      return std::bit_cast<float>(std::bit_cast<std::uint32_t>(a.at[i]) +
                                  (static_cast<std::uint32_t>(power) << 23));
    });
  }
  static F zero_where_below(const F& x, float limit, const F& a) {
    return each_f([&](int i) { return x.at[i] < limit ? 0.0f : a.at[i]; });
  }
  static void store(float* to, const F& a) { std::memcpy(to, a.at, sizeof a.at); }
  static void store_i(std::uint8_t* to, const I& a) { std::memcpy(to, a.at, sizeof a.at); }
};

}  // namespace sanctum::kernels
