#include "engine/scheduler.h"

#include <algorithm>

namespace sanctum::engine {
namespace {

// Those that run after admission, in order of arrival.
std::vector<bool> admit(const std::vector<SequenceState>& sequences, const StepLimits& limits,
                        StepPlan& plan) {
  std::vector<bool> running(sequences.size());
  int count = 0;
  std::int64_t kv_tokens = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (!sequences[i].running) continue;
    running[i] = true;
    ++count;
    kv_tokens += sequences[i].kv_tokens;
  }
  for (std::size_t i = 0; i < sequences.size() && count < limits.sequences_max; ++i) {
    if (running[i]) continue;
    // One alone always runs: what it really needs was found to fit.
    if (count > 0 && kv_tokens + sequences[i].kv_tokens > limits.kv_tokens_max) break;
    plan.admit.push_back(i);
    running[i] = true;
    ++count;
    kv_tokens += sequences[i].kv_tokens;
  }
  return running;
}

// Prompt tokens that may be fed beside `decoding` rows, in a step that lasts `ms`.
int chunk_within(double ms, int decoding, const StepCost& cost) {
  return std::max(cost.rows_within(ms) - decoding, kChunkMin);
}

}  // namespace

StepPlan plan_step(const std::vector<SequenceState>& sequences, const StepLimits& limits,
                   const StepCost& cost) {
  StepPlan plan;
  const std::vector<bool> running = admit(sequences, limits, plan);

  int decoding = 0;
  bool prompts = false;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const SequenceState& s = sequences[i];
    if (!running[i]) continue;
    if (s.left == 1 && s.images_to_encode == 0) {
      plan.rows.push_back({i, 1});
      ++decoding;
    } else if (!s.held_back && s.images_to_encode > 0) {
      if (!plan.encode) plan.encode = {i, 0};
    } else if (!s.held_back) {
      prompts = true;
    }
  }
  const double alone = cost.predict(decoding);
  const double stretched = std::max(
      std::clamp(kStretch * alone, kShortStepMs, std::max(limits.step_ms_max, kShortStepMs)),
      kStretchMin * alone);
  const double whole = decoding == 0 ? kAloneMs : stretched;
  double spare = whole - alone;
  if (plan.encode && prompts) spare /= 2;
  if (plan.encode) plan.encode->ms = spare;

  int budget = std::min(limits.tokens_max - decoding, chunk_within(alone + spare, decoding, cost));
  for (std::size_t i = 0; i < sequences.size() && budget > 0; ++i) {
    const SequenceState& s = sequences[i];
    if (!running[i] || s.held_back || s.images_to_encode > 0 || s.left == 1) continue;
    const int tokens = std::min(s.left, budget);
    plan.rows.push_back({i, tokens});
    budget -= tokens;
  }
  return plan;
}

}  // namespace sanctum::engine
