// A weight file as MLX reads it: from the very file that was opened once, whatever its path names
// by now. Errors are WeightFile's: thrown while it reads a header, noted while it reads a tensor,
// which is zeros then.
#pragma once

#include <mlx/io/load.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "nn/read_failure.h"
#include "nn/weight_file.h"

namespace sanctum::nn {

class WeightReader final : public mlx::core::io::Reader {
 public:
  WeightReader(std::shared_ptr<const WeightFile> file, std::shared_ptr<ReadFailure> failure)
      : file_(std::move(file)), failure_(std::move(failure)) {}

  bool is_open() const override { return true; }
  bool good() const override { return true; }
  std::size_t tell() override { return at_; }
  void seek(std::int64_t off, std::ios_base::seekdir way) override {
    const std::uint64_t from = way == std::ios_base::beg   ? 0
                               : way == std::ios_base::cur ? at_
                                                           : file_->bytes();
    at_ = from + static_cast<std::uint64_t>(off);
  }
  void read(char* data, std::size_t n) override {
    file_->read(at_, reinterpret_cast<std::byte*>(data), n);
    at_ += n;
  }
  void read(char* data, std::size_t n, std::size_t offset) override {
    try {
      file_->read(offset, reinterpret_cast<std::byte*>(data), n);
    } catch (...) {
      failure_->note(std::current_exception());
      std::memset(data, 0, n);
    }
  }
  std::string label() const override { return file_->path(); }

 private:
  std::shared_ptr<const WeightFile> file_;
  std::shared_ptr<ReadFailure> failure_;
  std::uint64_t at_ = 0;
};

}  // namespace sanctum::nn
