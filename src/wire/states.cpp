#include "wire/states.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sanctum::wire {
namespace {

// In the order of the values.
constexpr std::array<std::string_view, 8> kWorkerStates{
    "absent", "starting", "loading", "ready", "draining", "wedged", "dead", "parked"};
constexpr std::array<std::string_view, 5> kModelStages{"absent", "loading", "ready", "unloading",
                                                       "failed"};
constexpr std::array<std::string_view, 5> kFinishReasons{"stop", "length", "tool_calls",
                                                         "cancelled", "error"};

template <class Value, std::size_t kCount>
std::optional<Value> value_of(std::string_view word,
                              const std::array<std::string_view, kCount>& words) {
  const auto* const found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return static_cast<Value>(found - words.begin());
}

}  // namespace

std::string_view to_string(WorkerState state) {
  return kWorkerStates.at(static_cast<std::size_t>(state));
}

std::string_view to_string(ModelStage stage) {
  return kModelStages.at(static_cast<std::size_t>(stage));
}

std::optional<ModelStage> model_stage(std::string_view word) {
  return value_of<ModelStage>(word, kModelStages);
}

std::string_view to_string(FinishReason reason) {
  return kFinishReasons.at(static_cast<std::size_t>(reason));
}

std::optional<FinishReason> finish_reason(std::string_view word) {
  return value_of<FinishReason>(word, kFinishReasons);
}

}  // namespace sanctum::wire
