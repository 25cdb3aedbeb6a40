// keys.json of the state directory: the API keys, read again when the file changes.
//
// Contract: `current` looks at the file each time (two calls of the system) and reads it when it is
// another one than before, so that `sanctum keys` takes effect with the next request. What cannot
// be read now is not taken for an empty list: the keys that were known stay, and where none were,
// none fits and one is required. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/api_keys.h"

namespace sanctum::gateway {

inline constexpr std::uint64_t kKeyFileBytesMax = 1 << 20;

struct KnownKeys {
  ApiKeys keys;
  bool required = false;  // one exists, or the file cannot be read
};

class KeyFile {
 public:
  explicit KeyFile(const std::string& state_directory);
  ~KeyFile();
  KeyFile(const KeyFile&) = delete;
  KeyFile& operator=(const KeyFile&) = delete;
  std::shared_ptr<const KnownKeys> current();

 private:
  struct Stamp;
  void read(const Stamp& now);

  const std::string path_;
  std::mutex mutex_;  // guards the next
  std::unique_ptr<Stamp> stamp_;
  std::shared_ptr<const KnownKeys> known_;
  bool told_ = false;  // that it cannot be read
};

// The keys as the file has them; none without a file. Throws Error.
ApiKeys read_keys(const std::string& state_directory);
// Reads them, lets `change` change them, and replaces the file in one step, for its owner alone;
// two at once wait for each other. Throws Error, also `change`'s.
void change_keys(const std::string& state_directory, const std::function<void(ApiKeys&)>& change);

}  // namespace sanctum::gateway
