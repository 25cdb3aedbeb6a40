#include "nn/e4m3.h"

#include <mlx/allocator.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/invariant.h"
#include "kernels/half.h"
#include "kernels/small_float.h"

namespace sanctum::nn {
namespace {

constexpr int kRowsPerItem = 64;

const std::array<float, 256>& numbers() {
  static const auto all = [] {
    std::array<float, 256> out{};
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = kernels::e4m3_to_float(static_cast<std::uint8_t>(i));
    return out;
  }();
  return all;
}

}  // namespace

mx::array bfloat16_of_e4m3(const mx::array& bytes, int rows, int columns, const BlockScales& scales,
                           const Share& share) {
  const auto wide = static_cast<std::size_t>(columns);
  const auto across =
      static_cast<std::size_t>((columns + scales.block_columns - 1) / scales.block_columns);
  const auto down = static_cast<std::size_t>((rows + scales.block_rows - 1) / scales.block_rows);
  SANCTUM_INVARIANT(bytes.nbytes() == static_cast<std::size_t>(rows) * wide, "bytes of a matrix");
  SANCTUM_INVARIANT(scales.values.size() == across * down, "scales of a matrix");
  auto data = mx::allocator::malloc(static_cast<std::size_t>(rows) * wide * sizeof(std::uint16_t));
  auto* const to = static_cast<std::uint16_t*>(data.buffer().raw_ptr());
  const auto* const from = bytes.data<std::uint8_t>();
  const std::array<float, 256>& number = numbers();
  share((rows + kRowsPerItem - 1) / kRowsPerItem, [&](int item) {
    const int last = std::min((item + 1) * kRowsPerItem, rows);
    for (int row = item * kRowsPerItem; row < last; ++row) {
      const std::size_t at = static_cast<std::size_t>(row) * wide;
      const float* scale =
          scales.values.data() + static_cast<std::size_t>(row / scales.block_rows) * across;
      for (int first = 0; first < columns; first += scales.block_columns, ++scale) {
        const int end = std::min(first + scales.block_columns, columns);
        for (int column = first; column < end; ++column) {
          const std::size_t i = at + static_cast<std::size_t>(column);
          to[i] = kernels::float_to_bfloat16(number[from[i]] * *scale);
        }
      }
    }
  });
  return mx::array(std::move(data), {rows, columns}, mx::bfloat16);
}

}  // namespace sanctum::nn
