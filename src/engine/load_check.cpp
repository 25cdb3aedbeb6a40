#include "engine/load_check.h"

#include <mlx/device.h>

#include <new>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/temporary_lack.h"
#include "engine/device_backend.h"
#include "engine/failure_of.h"
#include "engine/template_process.h"
#include "engine/text_model.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;

// With which any model can remember enough: addresses, of which none is used.
constexpr std::uint64_t kKvBytesPlenty = std::uint64_t{1} << 32;

wire::ModelMemory memory_of(const std::string& model, const models::Traits& traits,
                            const nn::LoadPlan& plan, int step_tokens) {
  nn::KvOutline kv = plan.backend.kv_memory(traits.kv, kKvBytesPlenty, step_tokens)->outline();
  wire::ModelMemory out;
  out.model = model;
  out.quantization = traits.quantization;
  out.kernels = plan.backend.name();
  out.weight_bytes = traits.weight_bytes;
  out.weights_memory = plan.bytes;
  out.kv_type = kernels::to_string(kv.type);
  out.context_tokens = traits.context_tokens;
  out.grain_tokens = kv.grain_tokens;
  for (nn::KvKind& kind : kv.kinds)
    out.kinds.push_back({std::move(kind.name), kind.layers, kind.token_bytes, kind.tokens_max,
                         kind.sequence_bytes});
  return out;
}

struct Checking {
  const nn::Backend& backend;
  nn::BackendPointer lazy;
  std::uint64_t kv_bytes;
  int step_tokens;
  const LoadQuestions& questions;
  std::shared_ptr<text::TemplateRenderer> renderer;  // one for all: it is a process
};

// Why it cannot be loaded; empty where it can, or where that may be otherwise in a moment.
std::string failure_to_load(const LoadCandidate& candidate, const Checking& with,
                            std::vector<wire::ModelMemory>& memories) {
  try {
    const models::Description description = models::describe(candidate.directory);
    nn::LoadPlan plan{with.backend};
    const models::Traits traits = models::traits_of(description, with.lazy, plan);
    if (with.questions.memory)
      memories.push_back(memory_of(candidate.model, traits, plan, with.step_tokens));
    with.backend.kv_memory(traits.kv, with.kv_bytes, with.step_tokens);
    if (with.questions.texts) const TextModel texts(description, with.renderer);
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
  // A model may be called a=b after its directory, but not a/b: an absolute path tells the end.
  const std::size_t before_path = text.find("=/");
  const std::size_t at = before_path == std::string::npos ? text.find('=') : before_path;
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    throw Error(ErrorCode::kInvalid, "--check wants NAME=DIRECTORY, not '" + text + "'");
  return {text.substr(0, at), text.substr(at + 1)};
}

LoadsChecked check_loads(const std::vector<LoadCandidate>& candidates, const DeviceOptions& options,
                         const LoadQuestions& questions) {
  check_backend(options);
  const nn::BackendPointer backend = device_backend(options);
  const int step_tokens = step_tokens_of(options);
  mx::set_default_device(mx::Device::cpu);
  const Checking with{*backend,         nn::stock_backend(mx::float32),
                      options.kv_bytes, step_tokens,
                      questions,        renderer_of(questions.template_program)};
  LoadsChecked checked{!candidates.empty(), {}, {}};
  for (const LoadCandidate& candidate : candidates) {
    const std::string why = failure_to_load(candidate, with, checked.memories);
    checked.none &= !why.empty();
    if (!why.empty())
      checked.why += (checked.why.empty() ? "'" : "; '") + candidate.model + "' in " +
                     candidate.directory + " cannot be served: " + why;
  }
  return checked;
}

}  // namespace sanctum::engine
