#include "engine/load_check.h"

#include <mlx/device.h>

#include <new>
#include <system_error>

#include "base/error.h"
#include "base/temporary_lack.h"
#include "engine/device_backend.h"
#include "engine/failure_of.h"
#include "engine/text_model.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;

// Why it cannot be loaded; empty where it can, or where that may be otherwise in a moment.
std::string failure_to_load(const LoadCandidate& candidate, const nn::Backend& backend,
                            const nn::BackendPointer& lazy, std::uint64_t kv_bytes,
                            bool with_texts) {
  try {
    const models::Description description = models::describe(candidate.directory);
    backend.kv_memory(models::traits_of(description, lazy).kv, kv_bytes);
    if (with_texts) const TextModel texts(description, text::unguarded_renderer());
    return {};
  } catch (const std::bad_alloc&) {
    return {};
  } catch (const std::exception& error) {
    const auto* of_system = dynamic_cast<const std::system_error*>(&error);
    if (of_system != nullptr && is_temporary_lack(of_system->code())) return {};
    const wire::Failure failure = failure_of(error, "path");
    return may_pass(failure.code) ? "" : failure.message;
  }
}

}  // namespace

LoadCandidate load_candidate(const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    throw Error(ErrorCode::kInvalid, "--check wants NAME=DIRECTORY, not '" + text + "'");
  return {text.substr(0, at), text.substr(at + 1)};
}

LoadsChecked check_loads(const std::vector<LoadCandidate>& candidates, const DeviceOptions& options,
                         bool with_texts) {
  check_backend(options);
  const nn::BackendPointer backend = device_backend(options);
  mx::set_default_device(mx::Device::cpu);
  const nn::BackendPointer lazy = nn::stock_backend(mx::float32);
  LoadsChecked checked{!candidates.empty(), {}};
  for (const LoadCandidate& candidate : candidates) {
    const std::string why =
        failure_to_load(candidate, *backend, lazy, options.kv_bytes, with_texts);
    checked.none &= !why.empty();
    if (!why.empty())
      checked.why += (checked.why.empty() ? "'" : "; '") + candidate.model + "' in " +
                     candidate.directory + " cannot be served: " + why;
  }
  return checked;
}

}  // namespace sanctum::engine
