// Reads a tensor piece by piece and writes what was planned for it.
#pragma once

#include <cstdint>
#include <functional>

#include "gguf/safetensors_writer.h"
#include "gguf/source.h"
#include "gguf/tensor_plan.h"

namespace sanctum::gguf {

// `read` hears of bytes that were read and written, and may throw to end it. Throws Error naming
// the tensor; what was written then is of no use.
void convert_tensor(const Source& source, const PlannedTensor& tensor, SafetensorsWriter& writer,
                    const std::function<void(std::uint64_t)>& read);

}  // namespace sanctum::gguf
