#include "apps/quantizing.h"

#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "catalog/import_place.h"
#include "convert/tensor_names.h"

namespace sanctum {
namespace {

constexpr std::uint64_t kConfigBytesMax = 16u << 20;

bool is_quantized(const std::string& directory) {
  try {
    const json::Document config(read_file(directory + "/config.json", kConfigBytesMax));
    return config.root().has("quantization") || config.root().has("quantization_config");
  } catch (const Error&) {
    return false;
  }
}

bool is_convertible(const std::string& architecture) {
  const std::string all = ", " + convert::convertible_architectures() + ", ";
  return all.find(", " + architecture + ", ") != std::string::npos;
}

}  // namespace

void print_quantizing(const std::string& place, const std::string& architecture) {
  std::string answer = "`sanctum models quantize` takes it";
  if (catalog::is_gguf(place))
    answer = "no: a GGUF file's weights stay as they are";
  else if (is_quantized(place))
    answer = "no: it is quantized already";
  else if (!is_convertible(architecture))
    answer = "no: that is done of " + convert::convertible_architectures();
  std::printf("quantize      %s\n", answer.c_str());
}

}  // namespace sanctum
