// What runs on a state directory, for commands that have nobody to ask: serving.json, written by
// `serve` and removed when it ends as it should.
#pragma once

#include <optional>
#include <string>

namespace sanctum {

struct Serving {
  int pid = 0;  // of `serve` itself, which keeps the others
  int gateway_pid = 0;
  int engine_pid = 0;  // 0: none at that moment
  std::string http;    // "127.0.0.1:1338"; empty when off
  std::string mtls;
};

// Replaces the file in one step. Throws Error.
void write_serving(const std::string& state_directory, const Serving& serving);
// Nothing when there is no file, or one that makes no sense.
std::optional<Serving> read_serving(const std::string& state_directory);
// Whoever's it is.
void forget_serving(const std::string& state_directory);
// If it is still this gateway's.
void remove_serving(const std::string& state_directory, const Serving& serving);

}  // namespace sanctum
