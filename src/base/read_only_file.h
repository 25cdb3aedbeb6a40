// A regular file that is read in parts: opened once, so that all that is read of it is of the same
// file, also when another takes its path meanwhile.
//
// Contract: read with pread, never mapped, so that one that is cut short meanwhile is an Error and
// no signal. What a disk or a network mount refuses (EIO, ESTALE) is kUnavailable and may pass; it
// is no damage. Any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace sanctum {

class ReadOnlyFile {
 public:
  // `kind`: what messages call it before its path ("the weight file"), or nothing. Throws
  // Error(kNotFound), Error(kDenied), Error(kUnavailable), and Error(`irregular`) for what is no
  // regular file.
  explicit ReadOnlyFile(std::string path, const std::string& kind = "",
                        ErrorCode irregular = ErrorCode::kInvalid);
  ~ReadOnlyFile();
  ReadOnlyFile(const ReadOnlyFile&) = delete;
  ReadOnlyFile& operator=(const ReadOnlyFile&) = delete;

  // Throws Error naming the file: kCorrupt if it ends before, kUnavailable if it cannot be read.
  void read(std::uint64_t from, std::byte* to, std::size_t bytes) const;
  // Throws Error(kCorrupt) if it was written to since it was opened, Error(kUnavailable) as read().
  void expect_unchanged() const;

  const std::string& path() const { return path_; }
  std::uint64_t bytes() const { return bytes_; }  // when it was opened

 private:
  [[noreturn]] void fail(const std::string& what, int error) const;
  [[noreturn]] void damaged(const std::string& what) const;

  std::string path_;
  std::string name_;  // for messages
  int descriptor_;
  std::uint64_t bytes_ = 0;
  std::int64_t written_unix_ns_ = 0;
};

}  // namespace sanctum
