// What products and rows are computed with: instructions, threads and room for one product.
//
// One thread at a time calls into a runtime; it is one of the pool's threads.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "kernels/isa.h"
#include "kernels/quantized_rows.h"
#include "kernels/rows.h"
#include "kernels/thread_pool.h"

namespace sanctum::kernels {

class Runtime {
 public:
  Runtime(int threads, Isa isa) : isa_(isa), pool_(threads) {}

  Isa isa() const { return isa_; }
  ThreadPool& pool() { return pool_; }
  // Room for quantized activations, valid until the next call. Grows to the largest.
  QuantizedRows quantized_rows(int rows, int columns, int block, int bits);
  // Room for the parts of attentions whose keys are shared by spans, valid until the next call;
  // `numbers` <= kSpanPartsMax. Grows to the largest.
  static constexpr std::size_t kSpanPartsMax = 2 << 20;  // 8 MiB
  float* span_parts(std::size_t numbers);
  // Room for the rows of a mixture of experts, valid until the next call. Grows to the largest.
  float* expert_rows(std::size_t numbers);
  // Room for the rows of a gated delta layer, valid until the next call. Grows to the largest.
  float* delta_rows(std::size_t numbers);
  // Calls work for ranges that cover [0, rows), on several threads where the rows' `values` numbers
  // each make that worth it, with denormals flushed in any case. A row's result must not depend on
  // its range.
  void share_rows(int rows, int values, const std::function<void(RowRange)>& work);

 private:
  Isa isa_;
  ThreadPool pool_;
  struct alignas(64) Line {  // of a processor's cache: no row's block of 64 bytes straddles two
    std::byte bytes[64];
  };
  std::vector<Line> values_;
  std::vector<float> scales_, weighted_, span_parts_, expert_rows_, delta_rows_;
};

}  // namespace sanctum::kernels
