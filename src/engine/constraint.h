// The grammar that binds one sequence, and the mask of what may come next.
//
// Contract: mask() is of the tokens that were taken so far, whoever computed it: whoever asks for
// it, or a worker that was told ahead. What a grammar cannot go on with is an Error of mask(),
// which ends the sequence alone.
// Thread rule: the device thread's, once a text worker has made it, or in its stead a thread that
// it shares a step's host work with.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/mask_workers.h"
#include "text/grammar.h"

namespace sanctum::engine {

class Constraint {
 public:
  // Computes the first mask here. Throws Error(kInvalid) where the grammar's limits are met.
  explicit Constraint(std::unique_ptr<text::GrammarState> state);

  // The next mask is of it and what came before.
  void take(int token);
  // Has the next mask computed by `workers` unless mask() comes first.
  void compute_by(MaskWorkers& workers);
  // Computes it, or waits for who does. Throws Error(kInternal) where a token was taken that may
  // not stand there, Error(kInvalid) where the grammar's limits are met. Valid until the next
  // take().
  std::span<const std::uint32_t> mask();

 private:
  struct Shared;  // with the worker
  std::shared_ptr<Shared> shared_;
};

}  // namespace sanctum::engine
