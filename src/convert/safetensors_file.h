// The weights of a model directory: every tensor of its safetensors files, and its bytes.
//
// Contract: as base/safetensors_header.h and base/read_only_file.h. Any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/read_only_file.h"

namespace sanctum::convert {

struct StoredTensor {
  std::string name;
  std::string dtype;  // as the file spells it: "BF16"
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;  // in the file
  std::uint64_t bytes = 0;
  const ReadOnlyFile* file = nullptr;

  std::uint64_t numbers() const;
};

class StoredWeights {
 public:
  // Of the files that base/weight_files.h names. Throws as that and read_safetensors_header, and
  // Error(kCorrupt) for a tensor that is stored twice.
  explicit StoredWeights(const std::string& directory);
  const std::vector<StoredTensor>& tensors() const { return tensors_; }  // in the order of names
  std::uint64_t bytes() const;
  // Throws Error(kCorrupt) naming a file that was written to since it was opened.
  void expect_unchanged() const;

 private:
  std::vector<std::unique_ptr<ReadOnlyFile>> files_;
  std::vector<StoredTensor> tensors_;
};

}  // namespace sanctum::convert
