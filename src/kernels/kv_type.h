// How blocks keep keys and values: as numbers of a type, or as 8-bit integers with a bfloat16 scale
// for each 32 features of a token.
//
// Of `tokens` = 64 tokens and one head, the integers come first, laid out as the numbers would be,
// then the scales: of keys [head_size / 32, tokens], of values [tokens, head_size / 32].
#pragma once

#include <cstddef>

#include "kernels/kernel_arguments.h"
#include "kernels/number_type.h"

namespace sanctum::kernels {

enum KvType : int {
  kKvBfloat16 = kBfloat16,
  kKvFloat16 = kFloat16,
  kKvFloat32 = kFloat32,
  kKvInt8 = kKvIntegers
};
constexpr KvType kv_type_of(NumberType type) {
  return static_cast<KvType>(type);
}
constexpr const char* to_string(KvType type) {
  switch (type) {
    case kKvBfloat16:
      return "bfloat16";
    case kKvFloat16:
      return "float16";
    case kKvFloat32:
      return "float32";
    case kKvInt8:
      break;
  }
  return "int8";
}
// Of the keys, and of the values, of one block's head.
constexpr std::size_t kv_head_bytes(KvType type, int head_size) {
  const auto numbers = static_cast<std::size_t>(kKeysPerBlock) * head_size;
  if (type == kKvInt8) return numbers + numbers / kKvGroup * bytes_of(kBfloat16);
  return numbers * bytes_of(static_cast<NumberType>(type));
}

}  // namespace sanctum::kernels
