// Reads a header from its beginning on, a window of the source at a time.
//
// Contract: every read says what is being read, and throws Error(kCorrupt) naming the source and
// that, when the source or the limit of a header ends before.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "gguf/source.h"

namespace sanctum::gguf {

// Throws Error(kCorrupt): `what` is wrong with the file; `field` names the key or tensor.
[[noreturn]] void damaged(const Source& source, const std::string& what,
                          const std::string& field = {});

class Cursor {
 public:
  Cursor(const Source& source, std::uint64_t bytes_max);

  template <class T>
  T number(const std::string& what) {
    T value{};
    take(reinterpret_cast<std::byte*>(&value), sizeof value, what);
    return value;
  }
  // A length and so many bytes, at most `bytes_max`.
  std::string string(std::uint64_t bytes_max, const std::string& what);
  void skip(std::uint64_t bytes, const std::string& what);
  // Throws unless so many bytes are left.
  void need(std::uint64_t bytes, const std::string& what) const;
  std::uint64_t at() const { return at_; }

 private:
  void take(std::byte* to, std::uint64_t bytes, const std::string& what);

  const Source& source_;
  std::uint64_t end_;
  std::uint64_t at_ = 0;
  std::uint64_t window_at_ = 0;
  std::vector<std::byte> window_;
};

}  // namespace sanctum::gguf
