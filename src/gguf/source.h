// The bytes that a GGUF file is read from: a file, or memory in tests. Any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/read_only_file.h"

namespace sanctum::gguf {

class Source {
 public:
  virtual ~Source() = default;
  // For messages.
  virtual const std::string& name() const = 0;
  virtual std::uint64_t bytes() const = 0;
  // Throws Error naming it: kCorrupt if it ends before, kUnavailable if it cannot be read.
  virtual void read(std::uint64_t from, std::byte* to, std::size_t bytes) const = 0;
};

class FileSource final : public Source {
 public:
  // Throws as ReadOnlyFile.
  explicit FileSource(std::string path) : file_(std::move(path)) {}

  const std::string& name() const override { return file_.path(); }
  std::uint64_t bytes() const override { return file_.bytes(); }
  void read(std::uint64_t from, std::byte* to, std::size_t bytes) const override {
    file_.read(from, to, bytes);
  }
  void expect_unchanged() const { file_.expect_unchanged(); }  // throws as ReadOnlyFile

 private:
  ReadOnlyFile file_;
};

}  // namespace sanctum::gguf
