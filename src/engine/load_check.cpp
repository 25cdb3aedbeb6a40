#include "engine/load_check.h"

#include <mlx/device.h>

#include "base/error.h"
#include "engine/device_backend.h"
#include "engine/failure_of.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;

}  // namespace

LoadCandidate load_candidate(const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    throw Error(ErrorCode::kInvalid, "--check wants NAME=DIRECTORY, not '" + text + "'");
  return {text.substr(0, at), text.substr(at + 1)};
}

std::optional<std::string> none_loads(const std::vector<LoadCandidate>& candidates,
                                      const DeviceOptions& options) {
  check_backend(options);
  const nn::BackendPointer backend = device_backend(options);
  mx::set_default_device(mx::Device::cpu);
  const nn::BackendPointer lazy = nn::stock_backend(mx::float32);
  std::string all;
  for (const LoadCandidate& candidate : candidates) {
    try {
      const models::Traits traits = models::traits_of(models::describe(candidate.directory), lazy);
      backend->kv_memory(traits.kv, options.kv_bytes);
      return std::nullopt;
    } catch (const std::exception& error) {
      const wire::Failure failure = failure_of(error, "path");
      if (may_pass(failure.code)) return std::nullopt;
      all += (all.empty() ? "" : "; ") + ("'" + candidate.model + "' in " + candidate.directory +
                                          " cannot be served: " + failure.message);
    }
  }
  return all.empty() ? std::nullopt : std::optional(all);
}

}  // namespace sanctum::engine
