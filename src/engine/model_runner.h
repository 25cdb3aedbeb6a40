// One loaded model and the sequences it serves; runs their steps. Device thread only.
//
// Invariant: every sequence that is submitted ends exactly once, with a SequenceEnd.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "models/model.h"

namespace sanctum::engine {

class ModelRunner {
 public:
  ModelRunner(std::unique_ptr<models::Model> model, StepLimits limits)
      : model_(std::move(model)), limits_(limits) {}

  void submit(std::unique_ptr<Sequence> sequence);
  // True if the request is here; it ends with the next step.
  bool cancel(const std::string& request);
  bool idle() const { return sequences_.empty(); }
  // Runs one step and waits for its results.
  StepOutput step();
  // Ends every sequence with `failure`.
  StepOutput fail_all(const wire::Failure& failure);

  int running() const;
  int waiting() const;
  std::uint64_t kv_bytes() const;
  const models::Model& model() const { return *model_; }

 private:
  std::vector<SequenceState> states() const;
  void encode_next_image(Sequence& sequence);
  void run_rows(const StepPlan& plan, StepOutput& output);
  void take_logits(Sequence& sequence, std::span<float> logits, StepOutput& output);
  void end(Sequence& sequence, const std::string& reason, StepOutput& output,
           std::optional<wire::Failure> failure = std::nullopt);
  void drop_ended();

  std::unique_ptr<models::Model> model_;
  StepLimits limits_;
  std::vector<std::unique_ptr<Sequence>> sequences_;  // in order of arrival; null once ended
};

}  // namespace sanctum::engine
