// A model directory's tensors, by name.
//
// Contract: `take` hands every tensor out once, and only as what its layer can compute with: the
// kernels read by type and shape without looking again. Names that nobody took are an error
// (`finish`), and so are a missing tensor and one of another kind, each naming tensor and file.
// Arrays are lazy and bound to the calling thread's stream: only the device thread creates, takes
// and evaluates.
#pragma once

#include <mlx/array.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/read_failure.h"
#include "nn/weight_file.h"

namespace sanctum::nn {

namespace mx = mlx::core;

// A stored name's new name; nothing drops the tensor (buffers that are computed, unused heads).
using Rename = std::function<std::optional<std::string>(const std::string&)>;

// What a layer can take: a tensor of one of these types and one of these shapes.
struct TensorNeed {
  std::vector<mx::Dtype> types;
  std::vector<mx::Shape> shapes;
  // The file's name of the type, where MLX has one type for several.
  std::string stored_as = {};
};
// The types of numbers that the layers compute with.
const std::vector<mx::Dtype>& floating_types();

class Checkpoint {
 public:
  // Reads and checks every header; the data comes later. Throws as read_safetensors_header does.
  Checkpoint(const std::string& directory, const Rename& rename);

  bool has(const std::string& name) const { return tensors_.count(name) != 0; }
  std::optional<mx::Shape> shape(const std::string& name) const {
    const auto at = tensors_.find(name);
    return at == tensors_.end() ? std::nullopt : std::optional(at->second.array.shape());
  }
  // Throws Error(kCorrupt) naming the tensor, its file, what it is and what is needed.
  mx::array take(const std::string& name, const TensorNeed& need);
  // If it is there, nobody needs it.
  void drop(const std::string& name);
  // Of a tensor that nobody has taken yet.
  WeightPlace place(const std::string& name) const { return tensors_.at(name).place; }
  // Throws Error(kCorrupt) naming the first tensors that nobody took.
  void finish() const;

  // Behind an evaluation: throws what went wrong while it read.
  void expect_read() const { failure_->rethrow(); }
  // Once all is read: throws Error(kCorrupt) if a file was written to meanwhile.
  void expect_unchanged() const;

  std::uint64_t bytes() const { return bytes_; }
  // Of what was taken so far.
  std::uint64_t taken_bytes() const { return taken_bytes_; }

 private:
  struct Stored {
    mx::array array;
    std::string type;  // as the file names it
    WeightPlace place;
  };
  std::string directory_;
  std::map<std::string, Stored> tensors_;
  std::vector<std::shared_ptr<const WeightFile>> files_;
  std::shared_ptr<ReadFailure> failure_ = std::make_shared<ReadFailure>();
  std::uint64_t bytes_ = 0, taken_bytes_ = 0;
};

}  // namespace sanctum::nn
