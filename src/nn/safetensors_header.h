// The header of a safetensors file: which tensor lies where.
//
// Format (huggingface/safetensors README): u64 little-endian header length N, N bytes of JSON
// {"name": {"dtype","shape","data_offsets":[begin,end]}, "__metadata__": {...}}, then the data.
// Offsets count from the end of the header.
// Contract: everything is checked against the file's real size before anyone trusts it; an error
// names the file and the tensor. No MLX here: it is tested, and fuzzed, without a device.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "nn/weight_file.h"

namespace sanctum::nn {

inline constexpr std::uint64_t kHeaderBytesMax = 100u << 20;  // as the reference implementation
inline constexpr std::size_t kTensorDimensionsMax = 8;

struct TensorEntry {
  std::string name;
  std::string dtype;  // F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL: what MLX can read
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // in the file, header included
  std::uint64_t end = 0;
};

// Throws Error(kCorrupt) for a damaged file.
std::vector<TensorEntry> read_safetensors_header(const WeightFile& file);

// The names that a model's files hold (base/weight_files.h). Any thread. Throws as the above.
std::set<std::string> stored_names(const std::string& directory);

}  // namespace sanctum::nn
