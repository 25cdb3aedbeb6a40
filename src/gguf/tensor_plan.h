// Which tensors are written for those of a file, and in which form.
//
// Numbers that are not quantized keep their type, but for float32: that is float16, else bfloat16,
// where those hold every number of the tensor exactly (norms of a model that was published in one
// of them). Quantized matrices become affine ones (affine.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gguf/architecture.h"
#include "gguf/model_config.h"
#include "gguf/reader.h"
#include "gguf/safetensors_writer.h"

namespace sanctum::gguf {

inline constexpr std::uint64_t kPieceBytes = 1u << 20;  // read at once

enum class Form { kAffine, kSame, kFloat16, kBfloat16, kFloat32 };

struct PlannedTensor {
  Tensor from;
  Form form = Form::kSame;
  float offset = 0;               // added to every number
  std::uint64_t paired_rows = 0;  // of a head whose rows lie in pairs; 0 for none
  std::size_t first_out = 0;      // its tensors: itself, or weight, scales and biases
};

struct Plan {
  std::vector<PlannedTensor> tensors;
  std::vector<OutTensor> out;
  std::map<std::string, int> bits;  // of each quantized module, by its path
};

// How much of a float32 tensor is read, to see what holds its numbers: all, or kPieceBytes, which
// tell as much but for tensors that mix what their makers never do.
enum class Look { kAll, kBeginning };

// Throws Error(kInvalid) naming a tensor that does not belong, that another one is, too, or that
// has a shape that it cannot have.
Plan plan_tensors(const Source& source, const Header& header, const Architecture& architecture,
                  const Shape& shape, Look look);

}  // namespace sanctum::gguf
