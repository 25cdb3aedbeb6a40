// What runs on a state directory, for commands that have nobody to ask: serving.json, written by
// `serve` and removed when it ends as it should.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sanctum::client {

struct Serving {
  int pid = 0;  // of `serve` itself, which keeps the others
  int gateway_pid = 0;
  int engine_pid = 0;  // 0: none at that moment
  std::string http;    // "127.0.0.1:1338"; empty when off
  std::string mtls;
  // Directories of the models that it was told to serve, and files that those were made of; nothing
  // where an older one wrote the file.
  std::optional<std::vector<std::string>> models{};
};

// Replaces the file in one step. Throws Error.
void write_serving(const std::string& state_directory, const Serving& serving);
// Nothing when there is no file, or one that makes no sense.
std::optional<Serving> read_serving(const std::string& state_directory);
// Whoever's it is.
void forget_serving(const std::string& state_directory);
// If it is still this gateway's.
void remove_serving(const std::string& state_directory, const Serving& serving);

// The file as this gateway keeps it: written anew when something of it changes, as long as it
// runs. A disk that is full costs a line in the log. Thread rule: one owner at a time.
class ServingRecord {
 public:
  explicit ServingRecord(std::string state_directory) : directory_(std::move(state_directory)) {}
  void is(Serving serving) { serving_ = std::move(serving); }
  void engine_is(int pid);
  void remove() const { remove_serving(directory_, serving_); }

 private:
  const std::string directory_;
  Serving serving_;
  bool written_ = false;
};

}  // namespace sanctum::client
