// The bytes that a GGUF file is read from: a file, or memory in tests.
//
// Contract: a file is opened once and read with pread, never mapped, so that one that is cut short
// meanwhile is an Error and no signal. Any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

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
  // Throws Error(kNotFound), Error(kUnavailable), and Error(kInvalid) for what is no regular file.
  explicit FileSource(std::string path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  const std::string& name() const override { return path_; }
  std::uint64_t bytes() const override { return bytes_; }
  void read(std::uint64_t from, std::byte* to, std::size_t bytes) const override;

 private:
  [[noreturn]] void fail(const std::string& what, int error) const;

  std::string path_;
  int descriptor_;
  std::uint64_t bytes_ = 0;  // when it was opened
};

}  // namespace sanctum::gguf
