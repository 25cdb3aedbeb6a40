// Makes a model directory out of a GGUF file: config.json, the weights in MLX's affine form, the
// tokenizer and the chat template.
//
// Contract: the target comes into being as a whole or not at all (staging_directory.h). What is
// imported says nothing about what the engine loads; it refuses by name.
// Thread rule: one thread; `stop` may be set from anywhere, a signal handler too.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace sanctum::gguf {

struct ImportResult {
  std::string architecture;  // "llama"
  std::string name;          // the model's, of the metadata; may be empty
  std::uint64_t bytes = 0;   // of weights that were written
  std::size_t tensors = 0;   // of the file
  bool has_chat_template = false;
};

// Bytes of the file's tensors that are done, and of all.
using ImportProgress = std::function<void(std::uint64_t done, std::uint64_t of)>;

// Throws Error: kInvalid and kCorrupt naming the file and the key or tensor, kNotFound, kBusy,
// kUnavailable (a full disk), and kCancelled when `stop` was set.
ImportResult import_file(const std::string& file, const std::string& target,
                         const ImportProgress& progress, const std::atomic<bool>& stop);

}  // namespace sanctum::gguf
