// Decides what one step runs. Pure: the same sequences and limits give the same plan.
//
// Every decoding sequence gets its one token first; what is left of the token budget goes to
// prompts, oldest first, in chunks; a sequence with pictures to encode has one of them encoded per
// step, one picture a step in all, so that neither a long prompt nor a large picture stalls the
// streams that run.
#pragma once

#include <optional>
#include <vector>

namespace sanctum::engine {

struct StepLimits {
  int sequences_max = 16;  // running at once
  int tokens_max = 256;    // prompt and decode tokens of one step
};

// One sequence, in order of arrival.
struct SequenceState {
  bool running = false;    // holds a KV cache
  bool held_back = false;  // another sequence is computing what it would compute next
  int images_to_encode = 0;
  int left = 1;  // tokens not yet fed to the model; the last one gives a token; 1: decoding
};

struct StepPlan {
  struct Row {
    std::size_t sequence = 0;
    int tokens = 0;
  };
  std::vector<std::size_t> admit;           // sequences that start running with this step
  std::optional<std::size_t> encode_image;  // a sequence whose next picture is encoded
  std::vector<Row> rows;                    // decode rows first
};

StepPlan plan_step(const std::vector<SequenceState>& sequences, const StepLimits& limits);

}  // namespace sanctum::engine
