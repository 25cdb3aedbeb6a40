#include "engine/scheduler.h"

#include <algorithm>

namespace sanctum::engine {

StepPlan plan_step(const std::vector<SequenceState>& sequences, const StepLimits& limits) {
  StepPlan plan;
  std::vector<bool> running(sequences.size());
  int running_count = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    running[i] = sequences[i].running;
    if (running[i]) ++running_count;
  }
  for (std::size_t i = 0; i < sequences.size() && running_count < limits.sequences_max; ++i) {
    if (running[i]) continue;
    plan.admit.push_back(i);
    running[i] = true;
    ++running_count;
  }

  int budget = limits.tokens_max;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (running[i] && sequences[i].left == 1 && sequences[i].images_to_encode == 0) {
      plan.rows.push_back({i, 1});
      --budget;
    }
  }
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (!running[i] || sequences[i].held_back) continue;
    if (sequences[i].images_to_encode > 0) {
      if (!plan.encode_image) plan.encode_image = i;
    } else if (sequences[i].left > 1 && budget > 0) {
      const int tokens = std::min(sequences[i].left, budget);
      plan.rows.push_back({i, tokens});
      budget -= tokens;
    }
  }
  return plan;
}

}  // namespace sanctum::engine
