// Attention of packed query rows over keys and values that lie in blocks of 64 tokens.
//
// A block holds one head of one layer: keys [head_size, 64], so that a vector is one feature of
// many keys, values [64, head_size]; kept as kv_type.h says. A row's bits depend on its query and
// the keys and values that it sees: not on the other rows, on what later tokens have, finite or
// not, on how the keys came in, nor on the instruction set. Invariant: head_size is a multiple of
// 32 (callers pad with zeros). What lies in the last block beyond the last key is not used,
// whatever it is.
#pragma once

#include <vector>

#include "kernels/isa.h"
#include "kernels/kernel_arguments.h"
#include "kernels/kv_type.h"
#include "kernels/runtime.h"

namespace sanctum::kernels {

// Rows of one sequence and one head of keys and values: see AttentionArguments.
void attend(const AttentionArguments& arguments, Isa isa);

// Several of them, shared among the pool's threads; few with many keys are shared by spans of keys,
// as far as their parts find room (Runtime::kSpanPartsMax).
void attend_all(Runtime& runtime, const std::vector<AttentionArguments>& all);

// Puts the key and the value of one token into `slot` (0 to 63) of its blocks, rounded to `type`.
// As integers a token's group that has a number which is not finite is NaN as a whole.
void write_key_value(const float* key, const float* value, int head_size, int slot, void* key_block,
                     void* value_block, KvType type);

}  // namespace sanctum::kernels
