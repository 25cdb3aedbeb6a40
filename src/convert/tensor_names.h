// What a checkpoint's tensors are called in MLX's form, as mlx_lm's own models rename them.
//
// An architecture is a row of the table in tensor_names.cpp. What is not in it is refused by name.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "convert/affine_quantize.h"
#include "convert/safetensors_file.h"

namespace sanctum::convert {

inline constexpr std::size_t kExpertsMax = 4096;  // of a layer

// One tensor of what is made: of one that is stored, or of experts' one after another.
struct NamedTensor {
  std::string name;                          // "model.layers.3.mlp.switch_mlp.up_proj.weight"
  std::vector<const StoredTensor*> parts;    // equal in type and shape
  bool stacked = false;                      // of experts that are stored one by one
  std::vector<std::uint64_t> shape() const;  // of all parts together
  std::string path() const;                  // of its module: without ".weight"
  bool is_matrix() const;                    // a linear layer's, an embedding's
};

// Throws Error(kInvalid) naming the architecture, Error(kCorrupt) naming experts that are not all
// there, not alike, or neither a matrix nor a vector each.
// `tied`: an output head that is stored all the same is left out.
std::vector<NamedTensor> named_tensors(const std::vector<StoredTensor>& stored,
                                       const std::string& architecture, bool tied);

// What mlx_lm quantizes otherwise than it is told, by its own table: nothing for most.
struct OwnChoice {
  bool there = false;
  Affine how;
};
OwnChoice own_choice(const std::string& architecture, const std::string& path);

std::string convertible_architectures();  // "llama, mistral, ..."

}  // namespace sanctum::convert
