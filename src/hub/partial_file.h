// `<blob>.incomplete`: the beginning of a blob, and the hash of that beginning.
//
// Invariant: what the file holds, what was hashed and size() are the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hub/content_hash.h"

namespace sanctum::hub {

class PartialFile {
 public:
  // Opens it, or makes it; one that is longer than `bytes` is emptied. What is there is read for
  // the hash. Throws Error(kUnavailable) with the disk's reason, or naming what is no file of the
  // cache's own (a link, a pipe), Error(kCancelled).
  PartialFile(std::string path, std::string blob, std::uint64_t bytes,
              const std::function<bool()>& cancelled);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  std::uint64_t size() const { return size_; }
  bool is_whole() const { return size_ == bytes_; }
  void add(std::string_view bytes);
  void empty();
  // Of a whole one: whether its hash is its name; once.
  bool is_right();
  // Puts it in its place, on the disk before under its name.
  void becomes(const std::string& path);

 private:
  struct Descriptor {
    ~Descriptor();
    int fd;
  };
  [[noreturn]] void refuse(const std::string& what) const;
  [[noreturn]] void fail(const std::string& what, int error) const;

  const std::string path_, blob_;
  const std::uint64_t bytes_;
  const Descriptor file_;
  std::uint64_t size_ = 0;
  ContentHash hash_;
};

}  // namespace sanctum::hub
