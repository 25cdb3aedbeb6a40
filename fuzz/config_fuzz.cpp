// Any text as config.json, with any preprocessor_config.json behind it: what the model would be, or
// an Error. There are no weights, so that it ends with the first that is missing: behind all that
// its architecture reads of the configuration.
#include <cstdint>
#include <string_view>

#include "base/invariant.h"
#include "fuzz/model_directory.h"
#include "fuzz/refused.h"
#include "models/registry.h"
#include "nn/backend.h"

namespace {

using namespace sanctum;

constexpr std::string_view kNoTensors("\x02\0\0\0\0\0\0\0{}", 10);

const ModelDirectory& without_weights() {
  static const ModelDirectory directory({"config.json", "preprocessor_config.json"});
  directory.put("model.safetensors", kNoTensors);
  return directory;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ModelDirectory& directory = without_weights();
  static const nn::BackendPointer backend = nn::stock_backend(mlx::core::float32);
  directory.fill({reinterpret_cast<const char*>(data), size});
  refused([&] {
    const models::Description description = models::describe(directory.path());
    refused([&] { models::load_processor(description); });
    nn::LoadPlan plan{*backend};
    models::traits_of(description, backend, plan);
    SANCTUM_INVARIANT(false, "a model without weights is none");
  });
  return 0;
}
