#include "kernels/experts.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "base/invariant.h"
#include "kernels/product.h"
#include "kernels/quantized_matmul.h"

namespace sanctum::kernels {
namespace {

// The pairs of a row and one of its experts, sorted by expert, then by row.
struct Sorted {
  explicit Sorted(const Routes& routes)
      : row(pairs(routes)),
        expert(pairs(routes)),
        at(pairs(routes)),
        first(static_cast<std::size_t>(routes.experts) + 1) {
    const std::span<const std::int32_t> chosen(routes.expert, pairs(routes));
    for (const std::int32_t one : chosen) {
      SANCTUM_INVARIANT(one >= 0 && one < routes.experts, "an expert");
      ++first[static_cast<std::size_t>(one) + 1];
    }
    for (std::size_t e = 1; e < first.size(); ++e) first[e] += first[e - 1];
    std::vector<int> next(first.begin(), first.end() - 1);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const int to = next[static_cast<std::size_t>(chosen[i])]++;
      row[static_cast<std::size_t>(to)] = static_cast<int>(i) / routes.chosen;
      expert[static_cast<std::size_t>(to)] = chosen[i];
      at[i] = to;
    }
  }
  static std::size_t pairs(const Routes& routes) {
    return static_cast<std::size_t>(routes.rows) * static_cast<std::size_t>(routes.chosen);
  }
  int size() const { return static_cast<int>(row.size()); }

  std::vector<int> row, expert;  // of each sorted pair
  std::vector<int> at;           // where a row's pairs went, [rows, chosen]
  std::vector<int> first;        // sorted pair of each expert, and the end
};

// One expert's rows times some of its outputs.
struct Item {
  int matrix, expert;
  int unit_first, unit_last;  // panels, or outputs of a plain one
  int row_first, row_last;
};

struct Product {
  const ExpertMatrices* w;
  float* out;  // [pairs, w->outputs]
};

int units_of(const ExpertMatrices& w) {
  return w.packed != nullptr ? w.outputs / kPanelRows : w.outputs;
}

std::size_t unit_bytes(const ExpertMatrices& w) {
  return w.packed != nullptr ? w.packed->panel_bytes()
                             : static_cast<std::size_t>(w.plain.columns) * bytes_of(w.plain.type);
}

// Of weights, that an item reads: what comes next is brought ahead only within an item.
std::size_t item_bytes(const Sorted& sorted, std::span<const Product> products, int threads) {
  std::size_t all = 0;
  for (std::size_t e = 0; e + 1 < sorted.first.size(); ++e)
    for (const Product& product : products)
      all += static_cast<std::size_t>(row_items_of(sorted.first[e + 1] - sorted.first[e])) *
             static_cast<std::size_t>(units_of(*product.w)) * unit_bytes(*product.w);
  return std::max(kItemBytesMin, all / static_cast<std::size_t>(threads * kItemsPerThread));
}

std::vector<Item> items_of(const Sorted& sorted, std::span<const Product> products, int threads) {
  std::vector<Item> out;
  const std::size_t bytes = item_bytes(sorted, products, threads);
  for (std::size_t e = 0; e + 1 < sorted.first.size(); ++e) {
    const int begin = sorted.first[e], end = sorted.first[e + 1];
    if (begin == end) continue;
    for (std::size_t m = 0; m < products.size(); ++m) {
      const int units = units_of(*products[m].w);
      const int most =
          static_cast<int>(std::max<std::size_t>(bytes / unit_bytes(*products[m].w), 1));
      const int parts = (units + most - 1) / most, step = (units + parts - 1) / parts;
      for (int unit = 0; unit < units; unit += step)
        for (int row = begin; row < end; row += kRowsPerItem)
          out.push_back({static_cast<int>(m), static_cast<int>(e), unit,
                         std::min(unit + step, units), row, std::min(row + kRowsPerItem, end)});
    }
  }
  return out;
}

// The sorted pairs' rows, as `quantized` has them, or `plain` [pairs, columns].
void multiply_sorted(Runtime& runtime, const Sorted& sorted, std::span<const Product> products,
                     const QuantizedRows& quantized, const float* plain) {
  const std::vector<Item> items = items_of(sorted, products, runtime.pool().threads());
  runtime.pool().run(static_cast<int>(items.size()), [&](int i) {
    const Item& item = items[static_cast<std::size_t>(i)];
    const auto& [w, out] = products[static_cast<std::size_t>(item.matrix)];
    const auto stride = static_cast<std::size_t>(w->outputs);
    if (w->packed != nullptr) {
      multiply(quantized, *w->packed, item.expert * units_of(*w), w->outputs, out, stride,
               {item.unit_first, item.unit_last, item.row_first, item.row_last}, runtime.isa());
    } else {
      FloatMatrix one = w->plain;
      one.outputs = w->outputs;
      one.weight = static_cast<const std::byte*>(w->plain.weight) +
                   static_cast<std::size_t>(item.expert) * stride * unit_bytes(*w);
      multiply(plain, one, out, stride,
               {item.unit_first, item.unit_last, item.row_first, item.row_last}, runtime.isa());
    }
  });
}

// Row `at` of `rows`, alone.
QuantizedRows only(const QuantizedRows& rows, int at) {
  QuantizedRows one = rows;
  const auto row = static_cast<std::size_t>(at), blocks = static_cast<std::size_t>(rows.blocks());
  one.rows = 1;
  one.values = static_cast<std::byte*>(rows.values) + row * static_cast<std::size_t>(rows.columns) *
                                                          static_cast<std::size_t>(rows.bits / 8);
  one.scales = rows.scales + row * blocks;
  one.weighted = rows.weighted + row * blocks;
  return one;
}

// Adds to a sorted pair's row what its expert has.
void add_bias(const Sorted& sorted, const float* bias, int outputs, int pair, float* rows) {
  if (bias == nullptr) return;
  const auto width = static_cast<std::size_t>(outputs);
  const auto expert = static_cast<std::size_t>(sorted.expert[static_cast<std::size_t>(pair)]);
  float* to = rows + static_cast<std::size_t>(pair) * width;
  for (std::size_t i = 0; i < width; ++i) to[i] += bias[expert * width + i];
}

// How the rows are kept that meet a matrix: plain, or quantized in blocks.
struct Form {
  int block = 0, bits = 0;  // 0: plain
  bool operator==(const Form&) const = default;
};
Form form_of(const ExpertMatrices& w, int bits) {
  return w.packed != nullptr ? Form{w.packed->block(), bits} : Form{};
}

// Calls work(sorted pair) for all.
template <class Work>
void share_pairs(Runtime& runtime, int pairs, int values, const Work& work) {
  runtime.share_rows(pairs, values, [&](RowRange range) {
    for (int pair = range.first; pair < range.last; ++pair) work(pair);
  });
}

}  // namespace

void mix_experts(Runtime& runtime, const ExpertLayer& layer, const float* x, const Routes& routes,
                 float* out) {
  const Sorted sorted(routes);
  const int pairs = sorted.size(), width = layer.gate.columns(), inner = layer.gate.outputs;
  SANCTUM_INVARIANT(layer.down.outputs == width && layer.down.columns() == inner &&
                        layer.up.outputs == inner && layer.up.columns() == width,
                    "shapes of experts");
  const auto count = static_cast<std::size_t>(pairs);
  const auto wide = static_cast<std::size_t>(width), deep = static_cast<std::size_t>(inner);
  // Rows in the experts' order where a plain matrix wants them, gate's and up's products, then
  // down's over them.
  const Form of_gate = form_of(layer.gate, layer.gate_bits),
             of_up = form_of(layer.up, layer.up_bits);
  const bool plain = of_gate == Form{} || of_up == Form{};
  float* gates = runtime.expert_rows(count * (2 * deep + (plain ? 2 : 1) * wide));
  float* ups = gates + count * deep;
  float* downs = ups + count * deep;
  float* rows = downs + count * wide;

  QuantizedRows quantized;
  const auto meet = [&](std::span<const Product> products, const Form& form) {
    if (form != Form{}) quantized = runtime.quantized_rows(pairs, width, form.block, form.bits);
    share_pairs(runtime, pairs, width, [&](int pair) {
      const float* from =
          x + static_cast<std::size_t>(sorted.row[static_cast<std::size_t>(pair)]) * wide;
      if (form != Form{}) {
        quantize_rows(from, only(quantized, pair), 0, 1, runtime.isa());
      } else {
        std::memcpy(rows + static_cast<std::size_t>(pair) * wide, from, wide * sizeof(float));
      }
    });
    multiply_sorted(runtime, sorted, products, quantized, rows);
  };
  const Product gate_and_up[] = {{&layer.gate, gates}, {&layer.up, ups}};
  if (of_gate == of_up) {
    meet(gate_and_up, of_gate);
  } else {
    meet(std::span(gate_and_up).first(1), of_gate);
    meet(std::span(gate_and_up).last(1), of_up);
  }

  runtime.share_rows(pairs, inner, [&](RowRange range) {
    for (int pair = range.first; pair < range.last; ++pair) {
      add_bias(sorted, layer.gate_bias, inner, pair, gates);
      add_bias(sorted, layer.up_bias, inner, pair, ups);
    }
    activate(layer.act, gates, ups, inner, gates, range, runtime.isa());
  });
  if (layer.down.packed != nullptr) {
    quantized = runtime.quantized_rows(pairs, inner, layer.down.packed->block(), layer.down_bits);
    runtime.share_rows(pairs, inner, [&](RowRange range) {
      quantize_rows(gates, quantized, range.first, range.last, runtime.isa());
    });
  }
  const Product down[] = {{&layer.down, downs}};
  multiply_sorted(runtime, sorted, down, quantized, gates);

  share_pairs(runtime, routes.rows, width * routes.chosen, [&](int row) {
    const std::size_t first =
        static_cast<std::size_t>(row) * static_cast<std::size_t>(routes.chosen);
    std::vector<std::pair<int, float>> parts;  // in the experts' order
    for (std::size_t i = first; i < first + static_cast<std::size_t>(routes.chosen); ++i)
      parts.emplace_back(sorted.at[i], routes.weight[i]);
    std::sort(parts.begin(), parts.end());
    float* to = out + static_cast<std::size_t>(row) * wide;
    std::fill(to, to + wide, 0.0f);
    for (const auto& [pair, weight] : parts) {
      add_bias(sorted, layer.down_bias, width, pair, downs);
      const float* from = downs + static_cast<std::size_t>(pair) * wide;
      for (std::size_t i = 0; i < wide; ++i) to[i] += weight * from[i];
    }
  });
}

}  // namespace sanctum::kernels
