// One loaded model and the sequences it serves; runs their steps. Device thread only.
//
// Invariants: every sequence that is submitted ends exactly once, with a SequenceEnd; there are no
// three steps in a row that find sequences and neither feed nor encode anything (the process ends).
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/fault.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "engine/shared_prefixes.h"
#include "models/model.h"
#include "wire/heartbeat.h"

namespace sanctum::engine {

class ModelRunner {
 public:
  // `backend` is the one that the model was loaded with. `heartbeat` may be null.
  ModelRunner(std::shared_ptr<const models::Model> model, nn::BackendPointer backend,
              std::unique_ptr<nn::KvMemory> memory, StepLimits limits,
              std::uint64_t prefix_bytes_max, wire::Heartbeat* heartbeat = nullptr,
              Fault fault = {});

  void submit(std::unique_ptr<Sequence> sequence);
  // True if the request is here; it ends with the next step.
  bool cancel(const std::string& request);
  bool idle() const { return sequences_.empty(); }
  // From the next step on; what runs goes on as it began.
  void set_switches(const wire::Switches& switches);
  // Runs one step and waits for its results.
  StepOutput step();

  int running() const;
  int waiting() const;
  std::uint64_t kv_bytes() const;  // of the sequences that are here
  // Of the prefix cache, whether a sequence uses them now or not.
  std::uint64_t prefix_bytes() const { return prefixes_.bytes(); }
  // Of the memory for keys and values, beside MLX's own.
  std::uint64_t arena_bytes() const { return memory_->bytes_touched(); }
  const models::Model& model() const { return *model_; }

 private:
  std::vector<SequenceState> states();
  StepLimits limits() const;
  std::uint64_t predicted_bytes(const Sequence& sequence) const;
  bool is_beyond(const Sequence& sequence) const;
  // One that runs, the youngest first, gives up what it shares, if that sets memory free.
  bool let_go_of_copies();
  // Room for `tokens` of the sequence, at the cost of what only later requests would use; false if
  // that is not enough.
  bool make_room(Sequence& sequence, int tokens);
  // Room for what the plan feeds, at the cost of the youngest; drops the rows that lost theirs.
  void make_room(StepPlan& plan);
  // There is one.
  Sequence& youngest_running();
  // The sequence loses its cache, and is fed again later.
  void preempt(Sequence& sequence);
  // Ends the process when steps go by in which nothing happens.
  void expect_progress(const StepPlan& plan);
  // Spends `ms` on the sequence's next picture.
  void encode_part(Sequence& sequence, double ms);
  // Tells the heartbeat what the device is about to do, and for whom.
  void announce(const StepPlan& plan);
  void run_rows(const StepPlan& plan, StepOutput& output);
  void take_token(Sequence& sequence, Sampled sampled, StepOutput& output);
  void end(Sequence& sequence, wire::FinishReason reason, StepOutput& output,
           std::optional<wire::Failure> failure = std::nullopt);
  void drop_ended();

  std::shared_ptr<const models::Model> model_;
  nn::BackendPointer backend_;
  std::unique_ptr<nn::KvMemory> memory_;
  StepLimits limits_;
  StepCost step_cost_;
  EncodeCost encode_cost_;
  SharedPrefixes prefixes_;
  bool keeps_prefixes_;
  wire::Switches switches_;
  wire::Heartbeat* heartbeat_;
  Fault fault_;
  std::optional<MaskWorkers> mask_workers_;           // where a step leaves them cores
  std::uint64_t said_ = 0;                            // tokens in all
  int empty_steps_ = 0;                               // in a row
  std::vector<std::unique_ptr<Sequence>> sequences_;  // in order of arrival; null once ended
};

}  // namespace sanctum::engine
