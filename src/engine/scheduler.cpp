#include "engine/scheduler.h"

#include <algorithm>
#include <numeric>
#include <utility>

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
  std::uint64_t kv_bytes = 0;
  const auto start = [&](std::size_t i) {
    running[i] = true;
    ++(sequences[i].reserved ? reserved : count);
    kv_bytes += sequences[i].kv_bytes;
  };
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (sequences[i].running) start(i);
  }
  for (const std::size_t i : order) {
    const SequenceState& s = sequences[i];
    if (running[i]) continue;
    if (s.reserved && reserved >= limits.reserved_max) continue;
    if (!s.reserved && count >= limits.sequences_max) break;
    const std::uint64_t room = limits.kv_bytes_max - (s.reserved ? 0 : limits.kv_bytes_reserved);
    // One alone always runs: what it really needs was found to fit.
    if (count + reserved > 0 && kv_bytes + s.kv_bytes > room) {
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

// What is to be done besides decoding, in order.
struct Waiting {
  std::vector<std::size_t> prompts, pictures;
};

// The one with the least left first, as `left` counts; of equals the older.
template <class Left>
std::vector<std::size_t> shortest_first(const std::vector<SequenceState>& sequences,
                                        std::vector<std::size_t> some, Left left) {
  std::stable_sort(some.begin(), some.end(), [&](std::size_t a, std::size_t b) {
    return left(sequences[a]) < left(sequences[b]);
  });
  return some;
}

// Shares `budget` tokens among the prompts: a reserved one takes what it needs, the oldest half of
// what is left, the shortest the rest.
void feed_prompts(const std::vector<SequenceState>& sequences,
                  const std::vector<std::size_t>& prompts, int budget, StepPlan& plan) {
  if (budget <= 0) return;
  std::vector<int> tokens(sequences.size());
  const auto give = [&](std::size_t i, int most) {
    const int wanted = std::min(sequences[i].left, sequences[i].feed_max);
    const int more = std::min({wanted - tokens[i], most, budget});
    tokens[i] += more;
    budget -= more;
  };
  bool oldest = true;
  for (const std::size_t i : prompts) {
    if (sequences[i].reserved) {
      give(i, budget);
    } else if (std::exchange(oldest, false)) {
      give(i, (budget + 1) / 2);
    }
  }
  const auto left = [](const SequenceState& s) { return s.left; };
  for (const std::size_t i : shortest_first(sequences, prompts, left)) give(i, budget);
  for (const std::size_t i : prompts) {
    if (tokens[i] > 0) plan.rows.push_back({i, tokens[i]});
  }
}

// Shares `ms` alike.
void encode_pictures(const std::vector<SequenceState>& sequences,
                     const std::vector<std::size_t>& pictures, double ms, StepPlan& plan) {
  if (pictures.empty()) return;
  const auto left = [](const SequenceState& s) { return s.image_tokens; };
  const std::size_t oldest = pictures.front();
  const std::size_t least = shortest_first(sequences, pictures, left).front();
  if (least == oldest || sequences[oldest].reserved) {
    plan.encode = {{oldest, ms}};
  } else {
    plan.encode = {{oldest, ms / 2}, {least, ms / 2}};
  }
}

}  // namespace

StepPlan plan_step(const std::vector<SequenceState>& sequences, const StepLimits& limits,
                   const StepCost& cost) {
  StepPlan plan;
  const std::vector<std::size_t> order = by_turn(sequences);
  const std::vector<bool> running = admit(sequences, limits, order, plan);

  int decoding = 0;
  Waiting waiting;
  for (const std::size_t i : order) {
    const SequenceState& s = sequences[i];
    if (!running[i]) continue;
    if (s.left == 1 && s.image_tokens == 0) {
      plan.rows.push_back({i, 1});
      ++decoding;
    } else if (!s.held_back) {
      (s.image_tokens > 0 ? waiting.pictures : waiting.prompts).push_back(i);
    }
  }
  const double alone = cost.predict(decoding);
  const double stretched = std::max(
      std::clamp(kStretch * alone, kShortStepMs, std::max(limits.step_ms_max, kShortStepMs)),
      kStretchMin * alone);
  const double whole = decoding == 0 ? kAloneMs : stretched;
  double spare = whole - alone;
  if (!waiting.pictures.empty() && !waiting.prompts.empty()) spare /= 2;
  encode_pictures(sequences, waiting.pictures, spare, plan);
  const int chunk = chunk_within(alone + spare, decoding, cost);
  feed_prompts(sequences, waiting.prompts, std::min(limits.tokens_max - decoding, chunk), plan);
  return plan;
}

}  // namespace sanctum::engine
