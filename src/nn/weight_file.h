// A file of weights, opened once: its header, what is packed from it and what MLX reads of it are
// of the same file, also when another takes its path meanwhile. Any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sanctum::nn {

class WeightFile {
 public:
  // Throws Error(kNotFound), Error(kUnavailable), and Error(kCorrupt) for what is no regular file.
  explicit WeightFile(std::string path);
  ~WeightFile();
  WeightFile(const WeightFile&) = delete;
  WeightFile& operator=(const WeightFile&) = delete;

  // Throws Error naming the file: kCorrupt if it ends before, kUnavailable if it cannot be read.
  void read(std::uint64_t from, std::byte* to, std::size_t bytes) const;
  // Throws Error(kCorrupt) if it was written to since it was opened, Error(kUnavailable) as read().
  void expect_unchanged() const;

  const std::string& path() const { return path_; }
  std::uint64_t bytes() const { return bytes_; }  // when it was opened

 private:
  [[noreturn]] void fail(const std::string& what, int error) const;

  std::string path_;
  int descriptor_;
  std::uint64_t bytes_ = 0;
  std::int64_t written_unix_s_ = 0;
};

// Where a tensor's bytes lie, row by row.
struct WeightPlace {
  std::shared_ptr<const WeightFile> file;
  std::uint64_t begin = 0;
};

}  // namespace sanctum::nn
