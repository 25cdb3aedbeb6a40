#include "kernels/attention.h"

#include "base/invariant.h"
#include "kernels/half.h"
#include "kernels/kernel_table.h"

namespace sanctum::kernels {

void attend(const AttentionArguments& arguments, Isa isa) {
  SANCTUM_INVARIANT(arguments.head_size > 0 && arguments.head_size % 32 == 0 &&
                        arguments.head_size <= kHeadSizeMax,
                    "size of a head");
  SANCTUM_INVARIANT(arguments.keys >= (arguments.causal ? arguments.rows : 1), "keys for rows");
  kernels_of(isa).attend(arguments);
}

void write_key_value(const float* key, const float* value, int head_size, int slot, void* key_block,
                     void* value_block, NumberType type) {
  SANCTUM_INVARIANT(slot >= 0 && slot < kKeysPerBlock, "slot of a block");
  auto* keys = static_cast<std::uint8_t*>(key_block);
  auto* values = static_cast<std::uint8_t*>(value_block);
  const std::size_t size = bytes_of(type);
  for (int d = 0; d < head_size; ++d) {
    from_float(key[d], keys + static_cast<std::size_t>(d * kKeysPerBlock + slot) * size, type);
    from_float(value[d], values + static_cast<std::size_t>(slot * head_size + d) * size, type);
  }
}

}  // namespace sanctum::kernels
