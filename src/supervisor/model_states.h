// Which models a worker is to have, and how far each is: pure, values.
//
// Invariants: at most one load or unload of a model is under way; what has changed meanwhile is
// followed by another once that one is settled.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "wire/states.h"

namespace sanctum::supervisor {

using wire::ModelStage;

// Before a load is tried again that failed for want of something that may come back: a disk that
// did not answer, a thread, a file's rights. Twice as long after each, up to the limit.
inline constexpr std::chrono::seconds kLoadAgainFirst{10}, kLoadAgainMax{300};

enum class LoadEnd { kGood, kFailed, kLacked };  // it did what it was to; not; not now

struct ModelState {
  std::string model;
  bool wanted = true;
  ModelStage stage = ModelStage::kAbsent;
  std::chrono::seconds pause = kLoadAgainFirst;
  Instant again_at = Instant::max();  // of one that failed
};

// What is to be done about a model next.
struct ModelChange {
  std::string model;
  bool load = true;  // false: unload
};

class ModelStates {
 public:
  // All of them wanted.
  explicit ModelStates(const std::vector<std::string>& models);

  // A new process has none.
  void forget();
  // Wanted from now on, or not. Of a model that is not known nothing comes.
  void want(const std::string& model, bool wanted);
  // A load or an unload was answered.
  void settled(const std::string& model, LoadEnd end, Instant now);
  // What to begin now; it counts as under way from here on. A load that failed is not tried again
  // before somebody wants the model anew; one that lacked something, after a pause.
  std::vector<ModelChange> due(Instant now);
  // Nothing is due before by itself.
  Instant next_time() const;

  // Of every model that is wanted, the load has come to an end.
  bool all_settled() const;
  // In the order in which they were given, and are loaded.
  const std::vector<ModelState>& all() const { return models_; }

 private:
  ModelState* find(const std::string& model);

  std::vector<ModelState> models_;
};

}  // namespace sanctum::supervisor
