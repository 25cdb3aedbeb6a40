// Makes a model directory out of a GGUF file: config.json, the weights in MLX's affine form, the
// tokenizer and the chat template.
//
// Contract: the target comes into being as a whole or not at all (staging_directory.h), and is not
// begun where the disk has no room for it. What is imported says nothing about what the engine
// loads; it refuses by name.
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
  std::size_t left_out = 0;  // tensors of a picture half in it
  bool has_chat_template = false;
};

// More than the weights, for tokenizer and configuration.
inline constexpr std::uint64_t kRoomBeyondWeights = 64u << 20;  // bytes

// Bytes of the file's tensors that are done, and of all.
using ImportProgress = std::function<void(std::uint64_t done, std::uint64_t of)>;

// Of the directory that is written, when all is in it and before it stands at the target: to add to
// it, or to throw.
using ImportEnd = std::function<void(const std::string& directory)>;

// Throws Error: kInvalid and kCorrupt naming the file and the key or tensor, or a file that was
// written to meanwhile; kNotFound, kBusy, kUnavailable (a full disk), and kCancelled when `stop`
// was set.
ImportResult import_file(const std::string& file, const std::string& target,
                         const ImportProgress& progress, const std::atomic<bool>& stop,
                         const ImportEnd& end = {});

// Bytes that an import takes on the disk, without reading the weights. Throws as import_file, but
// for room.
std::uint64_t import_room(const std::string& file);

// The same files in `directory`, which is there, but for the numbers: the weights are not read, and
// holes, which take no room. Whoever reads no weights takes it for the model. Throws as
// import_file, but for room.
ImportResult write_outline(const std::string& file, const std::string& directory);

// Throws Error(kUnavailable) naming `target`, which need not be there yet, what is needed and what
// is there. `bytes`: with kRoomBeyondWeights; `to_come`: that the disk has again before they are
// written.
void check_room(const std::string& target, std::uint64_t bytes, std::uint64_t to_come = 0);

}  // namespace sanctum::gguf
