// A file of weights whose bytes are read where they are wanted. Any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sanctum::nn {

class WeightFile {
 public:
  // Throws Error(kNotFound).
  explicit WeightFile(std::string path);
  ~WeightFile();
  WeightFile(const WeightFile&) = delete;
  WeightFile& operator=(const WeightFile&) = delete;

  // Throws Error(kCorrupt) naming the file if it ends before, or cannot be read.
  void read(std::uint64_t from, std::byte* to, std::size_t bytes) const;

 private:
  std::string path_;
  int descriptor_;
};

// Where a tensor's bytes lie, row by row.
struct WeightPlace {
  std::shared_ptr<const WeightFile> file;
  std::uint64_t begin = 0;
};

}  // namespace sanctum::nn
