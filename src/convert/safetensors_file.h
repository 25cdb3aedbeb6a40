// A safetensors file to be read: its header, checked against its real size, and its bytes.
//
// Format: u64 little-endian header length, JSON {"name": {"dtype", "shape", "data_offsets"}}, data.
// Contract: nothing is allocated for a number that a file merely claims; read with pread, so that a
// file that is cut short meanwhile is an Error. Any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gguf/source.h"

namespace sanctum::convert {

inline constexpr std::uint64_t kHeaderBytesMax = 100u << 20;  // the format's own limit
inline constexpr std::size_t kDimensionsMax = 8;

struct StoredTensor {
  std::string name;
  std::string dtype;  // as the file spells it: "BF16"
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;  // in the file
  std::uint64_t bytes = 0;
  const gguf::Source* file = nullptr;

  std::uint64_t numbers() const;
};

// Bytes of one number of a dtype; 0 for one that is not known.
std::uint64_t bytes_of(const std::string& dtype);

// The weights of a model directory: the files that its index names, else all of them.
class StoredWeights {
 public:
  // Throws Error(kNotFound) where there are none, Error(kCorrupt) naming file and tensor.
  explicit StoredWeights(const std::string& directory);
  const std::vector<StoredTensor>& tensors() const { return tensors_; }  // in the order of names
  std::uint64_t bytes() const;
  // Throws Error(kCorrupt) naming a file that was written to since it was opened.
  void expect_unchanged() const;

 private:
  std::vector<std::unique_ptr<gguf::FileSource>> files_;
  std::vector<StoredTensor> tensors_;
};

}  // namespace sanctum::convert
