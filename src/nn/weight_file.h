// A file of weights, opened once: its header, what is packed from it and what MLX reads of it are
// of the same file. Any thread may read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/read_only_file.h"

namespace sanctum::nn {

class WeightFile final : public ReadOnlyFile {
 public:
  // Throws as ReadOnlyFile, Error(kCorrupt) for what is no regular file.
  explicit WeightFile(std::string path)
      : ReadOnlyFile(std::move(path), "the weight file", ErrorCode::kCorrupt) {}
};

// Where a tensor's bytes lie, row by row.
struct WeightPlace {
  std::shared_ptr<const WeightFile> file;
  std::uint64_t begin = 0;
};

}  // namespace sanctum::nn
