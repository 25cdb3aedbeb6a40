#include "kernels/runtime.h"

#include <algorithm>

namespace sanctum::kernels {
namespace {

// Numbers that one thread passes over in about the time that waking another takes.
constexpr std::size_t kValuesPerItem = 1 << 14;

}  // namespace

QuantizedRows Runtime::quantized_rows(int rows, int columns, int block, int bits) {
  const std::size_t count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  const std::size_t blocks = count / static_cast<std::size_t>(block);
  const std::size_t lines =
      (count * static_cast<std::size_t>(bits / 8) + sizeof(Line) - 1) / sizeof(Line);
  values_.resize(std::max(values_.size(), lines));
  scales_.resize(std::max(scales_.size(), blocks));
  weighted_.resize(std::max(weighted_.size(), blocks));
  return {rows, columns, block, bits, values_.data(), scales_.data(), weighted_.data()};
}

float* Runtime::span_parts(std::size_t numbers) {
  span_parts_.resize(std::max(span_parts_.size(), numbers));
  return span_parts_.data();
}

float* Runtime::expert_rows(std::size_t numbers) {
  expert_rows_.resize(std::max(expert_rows_.size(), numbers));
  return expert_rows_.data();
}

float* Runtime::delta_rows(std::size_t numbers) {
  delta_rows_.resize(std::max(delta_rows_.size(), numbers));
  return delta_rows_.data();
}

void Runtime::share_rows(int rows, int values, const std::function<void(RowRange)>& work) {
  const std::size_t total = static_cast<std::size_t>(rows) * static_cast<std::size_t>(values);
  const int items = static_cast<int>(
      std::clamp<std::size_t>(total / kValuesPerItem, 1, static_cast<std::size_t>(rows)));
  if (items == 1 || pool_.threads() == 1) {
    // Through the pool all the same: what it sets for its threads holds for one row, too.
    return pool_.run(1, [&](int) { work({0, rows}); });
  }
  const auto from = [&](int item) {
    return static_cast<int>(static_cast<std::int64_t>(rows) * item / items);
  };
  pool_.run(items, [&](int item) { work({from(item), from(item + 1)}); });
}

}  // namespace sanctum::kernels
