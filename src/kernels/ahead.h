// Memory that is brought into the caches while other memory is worked on, a step at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernel_arguments.h"

namespace sanctum::kernels {

struct Ahead {
  const std::uint8_t* at;
  const std::uint8_t* end;
  std::size_t step;  // bytes

  [[gnu::always_inline]] void go_on() {
    const std::ptrdiff_t left = end - at;
    if (left <= 0) return;
    const std::uint8_t* const until = at + (step < static_cast<std::size_t>(left) ? step : left);
    for (; at < until; at += kLineBytes) __builtin_prefetch(at, 0, 3);
  }
};

// All of `bytes` in so many steps; nothing of a null `at`.
[[gnu::always_inline]] inline Ahead ahead(const void* at, std::size_t bytes, std::size_t steps) {
  const auto* const from = static_cast<const std::uint8_t*>(at);
  const std::size_t step = (bytes / steps + kLineBytes - 1) / kLineBytes * kLineBytes;
  return {from, from == nullptr ? from : from + bytes, step < kLineBytes ? kLineBytes : step};
}

}  // namespace sanctum::kernels
