#include "apps/quantizing.h"

#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "catalog/import_place.h"
#include "convert/family.h"

namespace sanctum {
namespace {

constexpr std::uint64_t kConfigBytesMax = 16u << 20;

bool is_quantized(const std::string& directory, const convert::Family& family) {
  try {
    const json::Document config(read_file(directory + "/config.json", kConfigBytesMax));
    return convert::quantized_already(family, config.root()).has_value();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

void print_quantizing(const std::string& place, const std::string& architecture) {
  std::string answer = "`sanctum models quantize` takes it";
  const convert::Family* family = convert::find_family(architecture);
  if (catalog::is_gguf(place))
    answer = "no: a GGUF file's weights stay as they are";
  else if (family == nullptr)
    answer = "no: that is done of " + convert::convertible_architectures();
  else if (is_quantized(place, *family))
    answer = "no: it is quantized already";
  std::printf("quantize      %s\n", answer.c_str());
}

}  // namespace sanctum
