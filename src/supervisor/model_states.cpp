#include "supervisor/model_states.h"

#include <algorithm>

#include "base/invariant.h"

namespace sanctum::supervisor {

ModelStates::ModelStates(const std::vector<std::string>& models) {
  for (const auto& model : models) {
    SANCTUM_INVARIANT(find(model) == nullptr, "a model's name is its own");
    models_.push_back({model});
  }
}

ModelState* ModelStates::find(const std::string& model) {
  const auto found = std::find_if(models_.begin(), models_.end(),
                                  [&](const ModelState& state) { return state.model == model; });
  return found == models_.end() ? nullptr : &*found;
}

void ModelStates::forget() {
  for (auto& state : models_) state = {.model = state.model, .wanted = state.wanted};
}

void ModelStates::want(const std::string& model, bool wanted) {
  ModelState* state = find(model);
  if (state == nullptr) return;
  state->wanted = wanted;
  if (state->stage == ModelStage::kFailed) state->stage = ModelStage::kAbsent;
}

void ModelStates::settled(const std::string& model, LoadEnd end, Instant now) {
  ModelState* state = find(model);
  if (state == nullptr) return;
  const bool good = end == LoadEnd::kGood;
  if (state->stage == ModelStage::kUnloading) {  // what cannot be unloaded is still there
    state->stage = good ? ModelStage::kAbsent : ModelStage::kReady;
  } else if (state->stage == ModelStage::kLoading) {
    state->stage = good ? ModelStage::kReady : ModelStage::kFailed;
    state->again_at = end == LoadEnd::kLacked ? now + state->pause : Instant::max();
    state->pause = good ? kLoadAgainFirst : std::min(2 * state->pause, kLoadAgainMax);
  }
}

Instant ModelStates::next_time() const {
  Instant next = Instant::max();
  for (const auto& state : models_)
    if (state.wanted && state.stage == ModelStage::kFailed) next = std::min(next, state.again_at);
  return next;
}

std::vector<ModelChange> ModelStates::due(Instant now) {
  std::vector<ModelChange> changes;
  for (auto& state : models_) {
    if (state.stage == ModelStage::kFailed && now >= state.again_at)
      state.stage = ModelStage::kAbsent;
    const bool load = state.wanted && state.stage == ModelStage::kAbsent;
    const bool unload = !state.wanted && state.stage == ModelStage::kReady;
    if (!load && !unload) continue;
    state.stage = load ? ModelStage::kLoading : ModelStage::kUnloading;
    changes.push_back({state.model, load});
  }
  return changes;
}

bool ModelStates::all_settled() const {
  return std::all_of(models_.begin(), models_.end(), [](const ModelState& state) {
    return !state.wanted || state.stage == ModelStage::kReady || state.stage == ModelStage::kFailed;
  });
}

}  // namespace sanctum::supervisor
