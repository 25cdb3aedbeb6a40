// The header of a safetensors file: which tensor lies where.
//
// Format (huggingface/safetensors README): u64 little-endian header length N, N bytes of JSON
// {"name": {"dtype","shape","data_offsets":[begin,end]}, "__metadata__": {...}}, then the data.
// Offsets count from the end of the header.
// Contract: everything is checked against the file's real size before anyone trusts it; an error
// names the file and the tensor. Any thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/read_only_file.h"

namespace sanctum {

// As the reference implementation's.
inline constexpr std::uint64_t kSafetensorsHeaderBytesMax = 100u << 20;
inline constexpr std::size_t kTensorDimensionsMax = 8;

struct TensorEntry {
  std::string name;
  std::string dtype;  // F64 F32 F16 BF16 F8_E4M3 F8_E8M0 I64 I32 I16 I8 U64 U32 U16 U8 BOOL
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // in the file, header included
  std::uint64_t end = 0;
};

// Of one number; 0 for a dtype that is not among those above.
std::uint64_t safetensors_bytes_of(std::string_view dtype);

// In the order of the file. Throws Error(kCorrupt) for a damaged file, Error(kInvalid) naming a
// tensor of another dtype.
std::vector<TensorEntry> read_safetensors_header(const ReadOnlyFile& file);

// The names that a model's files hold (weight_files.h). Any thread. Throws as the above.
std::set<std::string> stored_names(const std::string& directory);

}  // namespace sanctum
