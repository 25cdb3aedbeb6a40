// The hash that a blob is named by, of bytes that come in pieces.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hub/blob_name.h"

namespace sanctum::hub {

class ContentHash {
 public:
  // `bytes`: how long the whole will be; git hashes that first.
  ContentHash(HashKind kind, std::uint64_t bytes);
  ~ContentHash();
  ContentHash(ContentHash&&) noexcept;
  ContentHash& operator=(ContentHash&&) noexcept;

  void add(std::string_view bytes);
  // In hex, once; empty for kNone.
  std::string take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Adds the file's first `bytes`. `go_on` is asked after every piece, with the bytes so far; false
// once it says no. Throws Error(kUnavailable) for a file that cannot be read that far.
bool add_file(ContentHash& hash, const std::string& path, std::uint64_t bytes,
              const std::function<bool(std::uint64_t)>& go_on);

}  // namespace sanctum::hub
