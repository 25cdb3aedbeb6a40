// Decides what one step runs. Pure: the same sequences, limits and costs give the same plan.
//
// Every decoding sequence gets its one token first. What else there is to do takes so long that the
// step lasts at most kStretch times what the tokens alone would take, and at least kStretchMin
// times: prompts in chunks, and pictures a part at a time. When nobody decodes, a step may last
// kAloneMs, so that who comes next does not wait long. Half of that is the oldest prompt's, so that
// it comes to its end whatever else arrives; the other half goes to those that have the least left,
// so that a short one does not wait for the long ones before it. Pictures share alike. A sequence
// is admitted when its whole predicted length has room beside those that run; in order, so that a
// long one is not overtaken forever. A reserved sequence, a probe's, comes before all the others
// and has a place and room of its own: a full server can still be proven to work.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "engine/step_cost.h"

namespace sanctum::engine {

inline constexpr double kStretch = 2;
inline constexpr double kStretchMin = 1.25;
inline constexpr double kShortStepMs = 8;  // a step may always last as long
inline constexpr double kAloneMs = 400;
inline constexpr int kChunkMin = 8;  // tokens of a prompt that a step feeds, however long it takes

struct StepLimits {
  int sequences_max = 16;    // running at once
  int tokens_max = 512;      // prompt and decode tokens of one step
  double step_ms_max = 200;  // of a step with both, but for kStretchMin
  std::uint64_t kv_bytes_max = std::numeric_limits<std::uint64_t>::max();  // of all that run
  std::uint64_t kv_bytes_reserved = 0;  // of those, not for sequences that are not reserved
  int reserved_max = 1;                 // running beyond sequences_max
};

// One sequence, in order of arrival.
struct SequenceState {
  bool running = false;    // holds a KV cache
  bool held_back = false;  // another sequence is computing what it would compute next
  int image_tokens = 0;    // of pictures that must be encoded before its prompt goes on
  int left = 1;  // tokens not yet fed to the model; the last one gives a token; 1: decoding
  std::uint64_t kv_bytes = 0;  // that it holds or will probably need
  bool reserved = false;
  int feed_max = std::numeric_limits<int>::max();  // tokens that a step may feed of it
};

struct StepPlan {
  struct Row {
    std::size_t sequence = 0;
    int tokens = 0;
  };
  struct Encode {
    std::size_t sequence = 0;
    double ms = 0;  // to spend on its next picture, some of it in any case
  };
  std::vector<std::size_t> admit;  // sequences that start running with this step
  std::vector<Encode> encode;      // two at most
  std::vector<Row> rows;           // decode rows first, then in order of arrival
};

StepPlan plan_step(const std::vector<SequenceState>& sequences, const StepLimits& limits,
                   const StepCost& cost);

}  // namespace sanctum::engine
