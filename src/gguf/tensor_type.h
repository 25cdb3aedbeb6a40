// The types of tensors that are read, and how many bytes a block of one has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sanctum::gguf {

// As numbered in the file (ggml_type).
enum class Type : std::uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ4_NL = 20,
  kIQ4_XS = 23,
  kBF16 = 30,
  kMXFP4 = 39,
};

struct TypeInfo {
  Type type;
  std::string_view name;
  std::uint32_t block_weights;
  std::uint32_t block_bytes;
  bool quantized() const { return block_weights > 1; }
};

// Nothing for a type that is not read.
const TypeInfo* find_type(std::uint32_t number);
const TypeInfo& info(Type type);
// "IQ2_XXS", or "number 99" for one that nobody knows.
std::string name_of(std::uint32_t number);
// "F32, F16, ...".
std::string known_types();

}  // namespace sanctum::gguf
