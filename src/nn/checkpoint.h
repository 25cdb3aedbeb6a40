// A model directory's tensors, by name.
//
// Contract: `take` hands every tensor out once; names that nobody took are an error (`finish`), and
// so is a missing one, each naming tensor and file. Arrays are lazy and bound to the calling
// thread's stream: only the device thread creates, takes and evaluates.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sanctum::nn {

namespace mx = mlx::core;

// A stored name's new name; nothing drops the tensor (buffers that are computed, unused heads).
using Rename = std::function<std::optional<std::string>(const std::string&)>;

class Checkpoint {
 public:
  // Reads and checks every header; the data comes later. Throws as read_safetensors_header does.
  Checkpoint(const std::string& directory, const Rename& rename);

  bool has(const std::string& name) const { return tensors_.count(name) != 0; }
  // Throws Error(kCorrupt) when the tensor is missing or, if `shape` isn't empty, of another shape.
  mx::array take(const std::string& name, const mx::Shape& shape = {});
  std::optional<mx::array> take_if(const std::string& name, const mx::Shape& shape = {});
  // Throws Error(kCorrupt) naming the first tensors that nobody took.
  void finish() const;

  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Stored {
    mx::array array;
    std::string file;
  };
  std::string directory_;
  std::map<std::string, Stored> tensors_;
  std::uint64_t bytes_ = 0;
};

}  // namespace sanctum::nn
