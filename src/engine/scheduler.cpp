#include "engine/scheduler.h"

#include <algorithm>
#include <numeric>

namespace sanctum::engine {
namespace {

// In order of arrival, the reserved before the others.
std::vector<std::size_t> by_turn(const std::vector<SequenceState>& sequences) {
  std::vector<std::size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return sequences[i].reserved; });
  return order;
}

// Those that run after admission.
std::vector<bool> admit(const std::vector<SequenceState>& sequences, const StepLimits& limits,
                        const std::vector<std::size_t>& order, StepPlan& plan) {
  std::vector<bool> running(sequences.size());
  int count = 0, reserved = 0;
  std::int64_t kv_tokens = 0;
  const auto start = [&](std::size_t i) {
    running[i] = true;
    ++(sequences[i].reserved ? reserved : count);
    kv_tokens += sequences[i].kv_tokens;
  };
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (sequences[i].running) start(i);
  }
  for (const std::size_t i : order) {
    const SequenceState& s = sequences[i];
    if (running[i]) continue;
    if (s.reserved && reserved >= limits.reserved_max) continue;
    if (!s.reserved && count >= limits.sequences_max) break;
    const std::int64_t room = limits.kv_tokens_max - (s.reserved ? 0 : limits.kv_tokens_reserved);
    // One alone always runs: what it really needs was found to fit.
    if (count + reserved > 0 && kv_tokens + s.kv_tokens > room) {
      if (s.reserved) continue;
      break;
    }
    plan.admit.push_back(i);
    start(i);
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
  const std::vector<std::size_t> order = by_turn(sequences);
  const std::vector<bool> running = admit(sequences, limits, order, plan);

  int decoding = 0;
  bool prompts = false;
  for (const std::size_t i : order) {
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
  for (const std::size_t i : order) {
    const SequenceState& s = sequences[i];
    if (budget <= 0) break;
    if (!running[i] || s.held_back || s.images_to_encode > 0 || s.left == 1) continue;
    const int tokens = std::min(s.left, budget);
    plan.rows.push_back({i, tokens});
    budget -= tokens;
  }
  return plan;
}

}  // namespace sanctum::engine
