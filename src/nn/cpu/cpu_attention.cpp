#include "nn/cpu/cpu_attention.h"

#include <algorithm>
#include <cstring>

#include "kernels/attention.h"
#include "nn/cpu/cpu_op.h"
#include "nn/cpu/paged_cache.h"

namespace sanctum::nn {
namespace {

static_assert(padded_head_size(kHeadSizeMax) <= kernels::kHeadSizeMax);

constexpr int kRowsPerItem = 32;  // tokens that one thread attends for at a time

// Rows of heads, each padded with zeros from `size` to `padded` numbers.
std::vector<float> padded_heads(const float* x, std::size_t heads, int size, int padded) {
  std::vector<float> out(heads * static_cast<std::size_t>(padded), 0.0f);
  for (std::size_t i = 0; i < heads; ++i)
    std::memcpy(out.data() + i * padded, x + i * size, sizeof(float) * size);
  return out;
}

// The other way round: what padding added is left out.
void copy_narrow(const float* padded_x, std::size_t heads, int size, int padded, float* out) {
  for (std::size_t i = 0; i < heads; ++i)
    std::memcpy(out + i * size, padded_x + i * padded, sizeof(float) * size);
}

// What one head of keys and values of one slice sees.
struct HeadBlocks {
  std::vector<const void*> keys, values;
};

struct Heads {
  int heads, kv_heads, size, padded;
  int group() const { return heads / kv_heads; }
};

// Rows [row, row + rows) of a slice and the heads that share one head of keys and values.
struct Part {
  int slice, head, row, rows;
};

std::vector<Part> parts_of(const std::vector<BlockSlice>& slices, int kv_heads) {
  std::vector<Part> out;
  for (int s = 0; s < static_cast<int>(slices.size()); ++s)
    for (int head = 0; head < kv_heads; ++head)
      for (int row = 0; row < slices[s].count; row += kRowsPerItem)
        out.push_back({s, head, row, std::min(kRowsPerItem, slices[s].count - row)});
  return out;
}

void write_tokens(const PagedMemory& memory, const BlockSlice& slice, int layer, int head,
                  const Heads& shape, const float* k, const float* v) {
  const std::size_t stride = static_cast<std::size_t>(shape.kv_heads) * shape.padded;
  for (int i = 0; i < slice.count; ++i) {
    const int token = slice.past + i, block = slice.blocks[token / PagedMemory::kBlockTokens];
    const std::size_t at =
        (slice.first + i) * stride + static_cast<std::size_t>(head) * shape.padded;
    kernels::write_key_value(k + at, v + at, shape.padded, token % PagedMemory::kBlockTokens,
                             memory.keys(block, layer, head), memory.values(block, layer, head),
                             memory.type());
  }
}

HeadBlocks blocks_of(const PagedMemory& memory, const BlockSlice& slice, int layer, int head) {
  HeadBlocks out;
  for (const int block : slice.blocks) {
    const bool gone = block == PagedCache::kGone;
    out.keys.push_back(gone ? nullptr : memory.keys(block, layer, head));
    out.values.push_back(gone ? nullptr : memory.values(block, layer, head));
  }
  return out;
}

}  // namespace

mx::array block_attention(const std::shared_ptr<kernels::Runtime>& runtime,
                          const PagedMemory& memory, const mx::array& q,
                          const std::optional<KeyValueRows>& rows, const AttentionForm& form,
                          std::vector<BlockSlice> slices, int layer) {
  const int tokens = q.shape(0);
  const int kv_heads = std::get<KeysAndValues>(memory.layer(layer)).heads;
  const Heads shape{q.shape(1), kv_heads, q.shape(2), memory.padded_size(layer)};
  std::vector<mx::array> inputs{q};
  if (rows) inputs.insert(inputs.end(), {rows->k, rows->v});
  if (form.sinks) inputs.push_back(*form.sinks);
  const bool writes = rows.has_value(), sinks = form.sinks.has_value();
  return cpu_op(
      std::move(inputs), {tokens, shape.heads * shape.size}, mx::float32,
      [runtime, &memory, shape, scale = form.scale, window = form.window, writes, sinks,
       slices = std::move(slices), layer, tokens](const auto& in, void* result) {
        const auto* queries = static_cast<const float*>(in[0]);
        auto* out = static_cast<float*>(result);
        const std::size_t count = static_cast<std::size_t>(tokens);
        const bool pad = shape.padded != shape.size;
        const int heads = shape.kv_heads;
        if (writes) {
          const auto* keys = static_cast<const float*>(in[1]);
          const auto* values = static_cast<const float*>(in[2]);
          std::vector<float> wide_k, wide_v;
          if (pad) {
            wide_k = padded_heads(keys, count * heads, shape.size, shape.padded);
            wide_v = padded_heads(values, count * heads, shape.size, shape.padded);
            keys = wide_k.data(), values = wide_v.data();
          }
          runtime->pool().run(static_cast<int>(slices.size()) * heads, [&](int item) {
            write_tokens(memory, slices[item / heads], layer, item % heads, shape, keys, values);
          });
        }
        std::vector<float> wide_q, wide_out;
        if (pad) {
          wide_q = padded_heads(queries, count * shape.heads, shape.size, shape.padded);
          wide_out.resize(wide_q.size());
          queries = wide_q.data();
        }
        float* to = pad ? wide_out.data() : out;
        const auto* sink = sinks ? static_cast<const float*>(in.back()) : nullptr;
        std::vector<HeadBlocks> blocks;
        for (const BlockSlice& slice : slices)
          for (int head = 0; head < heads; ++head)
            blocks.push_back(blocks_of(memory, slice, layer, head));
        std::vector<kernels::AttentionArguments> parts;
        for (const auto& [s, head, row, row_count] : parts_of(slices, heads)) {
          const BlockSlice& slice = slices[s];
          const HeadBlocks& seen = blocks[s * heads + head];
          const std::size_t stride = static_cast<std::size_t>(shape.heads) * shape.padded;
          const std::size_t at = (slice.first + row) * stride +
                                 static_cast<std::size_t>(head) * shape.group() * shape.padded;
          parts.push_back({.q = queries + at,
                           .out = to + at,
                           .row_stride = stride,
                           .rows = row_count,
                           .group = shape.group(),
                           .head_size = shape.padded,
                           .scale = scale,
                           .keys = slice.past + row + row_count,
                           .causal = true,
                           .kv_type = memory.type(),
                           .key_blocks = seen.keys.data(),
                           .value_blocks = seen.values.data(),
                           .window = window,
                           .sinks = sink == nullptr ? nullptr : sink + head * shape.group()});
        }
        kernels::attend_all(*runtime, parts);
        if (pad) copy_narrow(to, count * shape.heads, shape.size, shape.padded, out);
      });
}

mx::array packed_keys(const std::shared_ptr<kernels::Runtime>& runtime, const mx::array& k,
                      const mx::array& v) {
  const int rows = k.shape(0), heads = k.shape(1), size = k.shape(2),
            padded = padded_head_size(size);
  const int blocks = (rows + kernels::kKeysPerBlock - 1) / kernels::kKeysPerBlock;
  const int block = kernels::kKeysPerBlock * padded;  // numbers
  return cpu_op({k, v}, {heads, blocks, 2, block}, mx::float32, [=](const auto& in, void* result) {
    runtime->pool().run(heads * blocks, [&](int item) {
      const int head = item / blocks, first = item % blocks * kernels::kKeysPerBlock;
      const int last = std::min(first + kernels::kKeysPerBlock, rows);
      float* keys = static_cast<float*>(result) + static_cast<std::size_t>(item) * 2 * block;
      float* values = keys + block;
      std::vector<float> key(static_cast<std::size_t>(padded), 0.0f), value(key);
      for (int row = first; row < last; ++row) {
        const std::size_t from = (static_cast<std::size_t>(row) * heads + head) * size;
        std::memcpy(key.data(), static_cast<const float*>(in[0]) + from, sizeof(float) * size);
        std::memcpy(value.data(), static_cast<const float*>(in[1]) + from, sizeof(float) * size);
        kernels::write_key_value(key.data(), value.data(), padded, row - first, keys, values,
                                 kernels::kKvFloat32);
      }
    });
  });
}

mx::array all_attention(const std::shared_ptr<kernels::Runtime>& runtime, const mx::array& q,
                        const mx::array& keys, int rows, float scale) {
  const int count = q.shape(0), heads = q.shape(1), size = q.shape(2),
            padded = padded_head_size(size);
  const int blocks = keys.shape(1), block = keys.shape(3);
  return cpu_op({q, keys}, {count, heads * size}, mx::float32, [=](const auto& in, void* result) {
    const std::size_t total = static_cast<std::size_t>(count) * heads;
    const std::vector<float> wide_q =
        padded_heads(static_cast<const float*>(in[0]), total, size, padded);
    std::vector<float> wide_out(wide_q.size());
    const auto* all = static_cast<const float*>(in[1]);
    const std::size_t stride = static_cast<std::size_t>(heads) * padded;
    std::vector<HeadBlocks> seen(static_cast<std::size_t>(heads));
    std::vector<kernels::AttentionArguments> parts;
    for (int head = 0; head < heads; ++head) {
      for (int b = 0; b < blocks; ++b) {
        const float* at = all + (static_cast<std::size_t>(head) * blocks + b) * 2 * block;
        seen[head].keys.push_back(at);
        seen[head].values.push_back(at + block);
      }
      for (int row = 0; row < count; row += kRowsPerItem) {
        const std::size_t at = row * stride + static_cast<std::size_t>(head) * padded;
        parts.push_back({.q = wide_q.data() + at,
                         .out = wide_out.data() + at,
                         .row_stride = stride,
                         .rows = std::min(kRowsPerItem, count - row),
                         .group = 1,
                         .head_size = padded,
                         .scale = scale,
                         .keys = rows,
                         .causal = false,
                         .kv_type = kernels::kKvFloat32,
                         .key_blocks = seen[head].keys.data(),
                         .value_blocks = seen[head].values.data()});
      }
    }
    kernels::attend_all(*runtime, parts);
    copy_narrow(wide_out.data(), total, size, padded, static_cast<float*>(result));
  });
}

}  // namespace sanctum::nn
