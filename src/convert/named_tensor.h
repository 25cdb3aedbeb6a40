// One tensor of what is made, and which numbers of stored ones it is made of.
//
// Pure; any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "convert/safetensors_file.h"

namespace sanctum::convert {

// Numbers of a stored tensor: `runs` times `run` of them, each `step` after the one before.
struct Part {
  const StoredTensor* tensor = nullptr;
  std::uint64_t first = 0, run = 0, step = 0, runs = 0;

  std::uint64_t numbers() const { return run * runs; }
};
Part whole(const StoredTensor& tensor);

// `count` numbers of a part, which has them, from its number `from` on. `room` is for what is read
// in between. Throws as ReadOnlyFile::read.
void read_part(const Part& part, std::uint64_t from, std::uint64_t count, std::byte* to,
               std::vector<std::byte>& room);

struct NamedTensor {
  std::string name;         // "model.layers.3.mlp.switch_mlp.up_proj.weight"
  std::vector<Part> parts;  // one after another; tensors of one type
  std::vector<std::uint64_t> shape;
  std::string dtype;      // as MLX has it, where no type is asked for
  bool plus_one = false;  // a norm's weight that is stored less one
  bool cast = true;       // to the type that is asked for

  const StoredTensor& stored() const { return *parts.front().tensor; }
  std::uint64_t numbers() const;  // that are stored
  std::string path() const;       // of its module: without ".weight"
  bool is_matrix() const;         // a linear layer's, an embedding's
};

NamedTensor as_it_is(std::string name, const StoredTensor& stored);

}  // namespace sanctum::convert
