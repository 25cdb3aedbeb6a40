// Which weights a model directory holds: the SHA-256 of its safetensors files and of all that
// decides what a text is to them (configuration, tokenizer, chat template).
//
// Contract: reading gigabytes takes a while, so that it is done at a bounded rate and past the page
// cache's interest, and remembered by name, size and time of change in a file of the state
// directory. Thread rule: one owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace sanctum::probes {

inline constexpr std::uint64_t kHashBytesPerSecondMax = 400u << 20;

class WeightsDigest {
 public:
  explicit WeightsDigest(std::string memory_file) : memory_file_(std::move(memory_file)) {}

  // In hex. Throws Error(kNotFound) for a file that cannot be read; nothing once `stop` is set.
  std::optional<std::string> of(const std::string& model_directory, const std::atomic<bool>& stop);

 private:
  std::string memory_file_;
};

}  // namespace sanctum::probes
