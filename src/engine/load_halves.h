// The two halves of a model's load, its text side and its weights, which run beside each other.
// Whoever ends last settles the load. Not thread-safe: guarded by its owner.
//
// Invariants: each half ends once; the load is over when both have. When one fails, the other is
// asked to give up, and the failure that came first is the load's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/invariant.h"
#include "models/model.h"
#include "wire/messages.h"

namespace sanctum::engine {

// What the weights' half gives.
struct LoadedWeights {
  models::Traits traits;
  std::int64_t load_us = 0;
};

class LoadHalves {
 public:
  // Set once, when the other half has failed: read by whoever loads.
  std::shared_ptr<const std::atomic<bool>> given_up() const { return given_up_; }

  void text_ended(std::optional<wire::Failure> failure) { ended(std::move(failure)); }
  void weights_ended(LoadedWeights weights) {
    weights_ = std::move(weights);
    ended(std::nullopt);
  }
  void weights_failed(wire::Failure failure) { ended(std::move(failure)); }

  bool over() const { return ended_ == 2; }
  const std::optional<wire::Failure>& failure() const { return failure_; }
  // Also beside a failure of the text side: then they are to be dropped.
  const std::optional<LoadedWeights>& weights() const { return weights_; }

 private:
  void ended(std::optional<wire::Failure> failure) {
    SANCTUM_INVARIANT(ended_ < 2, "each half of a load ends once");
    ++ended_;
    if (!failure || failure_) return;
    failure_ = std::move(failure);
    given_up_->store(true);
  }

  std::shared_ptr<std::atomic<bool>> given_up_ = std::make_shared<std::atomic<bool>>(false);
  int ended_ = 0;
  std::optional<wire::Failure> failure_;
  std::optional<LoadedWeights> weights_;
};

}  // namespace sanctum::engine
