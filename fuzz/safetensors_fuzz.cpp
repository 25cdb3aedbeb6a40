// Any bytes as a safetensors file: tensors within the file, as MLX finds them there too, or an
// Error that names the file.
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/invariant.h"
#include "base/safetensors_header.h"
#include "fuzz/model_directory.h"
#include "nn/checkpoint.h"

namespace {

using namespace sanctum;

constexpr const char* kFile = "model.safetensors";

void expect_within(const std::vector<TensorEntry>& entries, std::uint64_t bytes) {
  std::uint64_t end = 8;
  for (const TensorEntry& entry : entries) {
    SANCTUM_INVARIANT(entry.begin >= end && entry.end >= entry.begin && entry.end <= bytes,
                      "tensors lie within the file, one behind the other");
    end = entry.end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ModelDirectory directory({kFile});
  directory.put(kFile, {reinterpret_cast<const char*>(data), size});
  const std::string path = directory.path() + "/" + kFile;
  try {
    expect_within(read_safetensors_header(ReadOnlyFile(path)), size);
    const nn::Checkpoint checkpoint(directory.path(),
                                    [](const std::string& name) { return std::optional(name); });
  } catch (const Error& error) {
    SANCTUM_INVARIANT(std::string_view(error.what()).find(size == 0 ? directory.path() : path) !=
                          std::string_view::npos,
                      "an error names the file");
  }
  return 0;
}
