// Attention with our kernels over blocks of keys and values.
//
// Work happens in nodes of MLX's graph, on its stream's thread; see kernels/attention.h for what
// the arithmetic depends on.
#pragma once

#include <mlx/array.h>

#include <memory>
#include <optional>
#include <vector>

#include "kernels/runtime.h"
#include "nn/backend.h"
#include "nn/cpu/paged_memory.h"

namespace sanctum::nn {

namespace mx = mlx::core;

// Rows [first, first + count) are the tokens `past` and on of a sequence whose tokens lie in
// `blocks`, in order; there is one for each 64 of them, but for those behind a window
// (PagedCache::kGone).
struct BlockSlice {
  int first = 0, count = 0, past = 0;
  std::vector<int> blocks;
};

// See Backend::causal_attention; float32. Writes `rows` into the slices' blocks of `layer`, then
// attends. The memory must outlive the node.
mx::array block_attention(const std::shared_ptr<kernels::Runtime>& runtime,
                          const PagedMemory& memory, const mx::array& q,
                          const std::optional<KeyValueRows>& rows, const AttentionForm& form,
                          std::vector<BlockSlice> slices, int layer);

// k and v [rows, heads, head_size] in blocks of 64 rows: float32 [heads, blocks, 2, 64 * padded
// head_size].
mx::array packed_keys(const std::shared_ptr<kernels::Runtime>& runtime, const mx::array& k,
                      const mx::array& v);

// Attention of q [n, heads, head_size] over the `rows` rows of `keys` -> [n, heads * head_size].
mx::array all_attention(const std::shared_ptr<kernels::Runtime>& runtime, const mx::array& q,
                        const mx::array& keys, int rows, float scale);

}  // namespace sanctum::nn
