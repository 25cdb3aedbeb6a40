// The header of a GGUF file: its metadata, and which tensor lies where.
//
// Format (ggml's docs/gguf.md): "GGUF", u32 version, u64 tensors, u64 keys, the keys and their
// values, the tensors' names, shapes, types and offsets; padding to general.alignment, then data.
// Little-endian, versions 2 and 3.
// Contract: nothing is believed before it is checked against the file's real size and the limits
// below, and nothing is allocated for a number that the file merely claims. An Error names the
// file, the key or tensor (also as `field`) and the reason: kCorrupt for damage, kInvalid for what
// is whole and not supported.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gguf/metadata.h"
#include "gguf/source.h"
#include "gguf/tensor_type.h"

namespace sanctum::gguf {

inline constexpr std::uint64_t kTensorsMax = 65'536;
inline constexpr std::uint64_t kKeysMax = 65'536;
inline constexpr std::uint64_t kNameBytesMax = 1024;          // of a key or a tensor
inline constexpr std::uint64_t kStringBytesMax = 16u << 20;   // of a value
inline constexpr std::uint64_t kArrayLengthMax = 4u << 20;    // elements
inline constexpr std::uint64_t kHeaderBytesMax = 256u << 20;  // all before the data
// What metadata may take in memory: numbers of arrays have 8 bytes each, strings 32 and their own.
inline constexpr std::uint64_t kMetadataBytesMax = 256u << 20;
inline constexpr int kArrayDepthMax = 4;  // arrays in arrays
inline constexpr std::uint32_t kDimensionsMax = 4;
inline constexpr std::uint64_t kExtentMax = 1u << 31;     // of one dimension
inline constexpr std::uint64_t kAlignmentMax = 1u << 20;  // bytes
inline constexpr std::uint64_t kAlignmentDefault = 32;    // bytes

struct Tensor {
  std::string name;
  Type type = Type::kF32;
  std::vector<std::uint64_t> shape;  // rows first: the file has it the other way round
  std::uint64_t begin = 0;           // in the file
  std::uint64_t bytes = 0;

  std::uint64_t columns() const { return shape.back(); }
  std::uint64_t rows() const;  // the product of all others
  std::uint64_t row_bytes() const { return bytes / rows(); }
};

struct Header {
  Metadata metadata;
  std::vector<Tensor> tensors;  // in the order of their data

  const Tensor* find(std::string_view name) const;
};

Header read_header(const Source& source);

}  // namespace sanctum::gguf
