// The probe "works" beside its server: which models there are, and when they are due. Weights are
// hashed beside it, so that a first proof does not wait for gigabytes. Thread rule: one owner.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "probes/weights_digest.h"
#include "probes/works.h"

namespace sanctum::serve {

class WorksProbe {
 public:
  WorksProbe(std::string state_directory, client::Endpoint endpoint,
             std::chrono::milliseconds limit, const std::atomic<bool>& stop,
             probes::Goldens::Damaged damaged);
  ~WorksProbe();
  WorksProbe(const WorksProbe&) = delete;
  WorksProbe& operator=(const WorksProbe&) = delete;

  std::vector<probes::Check> run();
  // Something was loaded, or hashed, since the last run.
  bool due();
  // What the last run's failures may come of; empty for nothing.
  std::string label() const { return replaced_ ? "another engine was started" : ""; }

 private:
  // Which engine has loaded which models; empty for none.
  std::string signature_now() const;
  bool loading() const;
  // Nothing while it is being hashed.
  std::optional<std::string> digest_of(const std::string& model_directory);
  void hash();

  const std::string state_;
  const std::atomic<bool>& stop_;
  probes::Goldens goldens_;
  probes::WorksOptions options_;
  std::string known_;  // the engine and the models of the last run
  Instant look_again_{};
  bool replaced_ = false;  // the engine, during the last run

  std::mutex mutex_;  // guards what is below
  std::condition_variable changed_;
  std::map<std::string, std::optional<std::string>> digests_;  // by directory
  bool hashed_ = false;                                        // since the last run
  bool ending_ = false;
  std::thread hasher_;
};

}  // namespace sanctum::serve
