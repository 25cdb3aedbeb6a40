// Writes safetensors files whose tensors are known by name, type and shape before their data is.
//
// Contract: the header is written first, then the data from anywhere, in any order; all of it has
// to be written. Files of at most kShardBytesMax; of more than one, and where parameters are told,
// there is an index (model.safetensors.index.json), as Hugging Face names them. What cannot be
// written is an Error(kUnavailable) naming the path and the reason ("the disk is full").
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sanctum::gguf {

inline constexpr std::uint64_t kShardBytesMax = 5'000'000'000;  // of data

struct OutTensor {
  std::string name;
  std::string dtype;  // "F16", "BF16", "F32", "U32"
  std::vector<std::uint64_t> shape;
  std::uint64_t bytes = 0;
};

class SafetensorsWriter {
 public:
  // In `directory`, which is there. A tensor over `shard_bytes_max` has a file to itself.
  SafetensorsWriter(std::string directory, std::vector<OutTensor> tensors,
                    std::uint64_t shard_bytes_max = kShardBytesMax);
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  // `at` counts from the tensor's begin.
  void write(std::size_t tensor, std::uint64_t at, const void* from, std::size_t bytes);
  // Brings all to the disk, and writes the index. Nothing may be written afterwards.
  void finish(std::optional<std::uint64_t> total_parameters = std::nullopt);

  // Instead of write() and finish(): files of the right length whose data are holes.
  void leave_holes();

  std::uint64_t bytes() const;  // of all tensors

 private:
  struct Shard {
    std::string path;
    int descriptor = -1;
    std::uint64_t bytes = 0;
    std::vector<std::size_t> tensors;
  };
  struct Place {
    std::size_t shard = 0;
    std::uint64_t begin = 0;  // in the file
  };
  void plan(std::uint64_t shard_bytes_max);
  void open(Shard& shard);
  void write_index(std::optional<std::uint64_t> total_parameters) const;

  std::string directory_;
  std::vector<OutTensor> tensors_;
  std::vector<Place> places_;
  std::vector<Shard> shards_;
};

}  // namespace sanctum::gguf
