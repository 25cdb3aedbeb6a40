// The concurrent stress test: workers that ask and check until the time is over.
//
// Contract: speaks only OpenAI's API for its load, so it runs against any server. Ends within
// `duration` + kRefusalGrace + one request's limits; the questions that are asked alone first come
// on top. Thread rule: run() starts the workers and
// joins them; callbacks run on the caller's thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "client/chat_client.h"
#include "stress/pace.h"
#include "stress/verdict.h"

namespace sanctum::stress {

// What an answer has to be.
enum class Reference {
  kBattery,  // the nonce or the colour that was asked for: needs a model that can do that
  kSolo,     // what the same server answered to the same question asked alone: any model
};
std::string_view to_string(Reference reference);

inline constexpr int kWorkersMax = 256;  // per pipeline
inline constexpr Milliseconds kProgressEvery{2'000};

struct StressOptions {
  client::Endpoint endpoint;
  std::string model;         // empty: the server's first
  std::string vision_model;  // empty: the same as `model`
  Milliseconds duration{300'000};
  int workers = 4;  // per pipeline
  std::vector<Pipeline> pipelines{Pipeline::kText, Pipeline::kVision};
  Reference reference = Reference::kBattery;
  Milliseconds request_timeout{60'000};
  // A process of these names is watched for crash reports where the system writes any.
  std::vector<std::string> crash_processes{"sanctum"};
};

struct StressReport {
  std::string url;
  std::string model;
  std::string vision_model;
  int workers = 0;
  Reference reference = Reference::kBattery;
  std::size_t questions = 0;        // of Reference::kSolo: all of them, and ...
  std::size_t questions_alone = 0;  // ... those that have been asked alone so far
  bool blind = false;               // no pictures were shown: the model says it sees none
  bool without_tools = false;       // none were given: the model says it knows of none
  double elapsed_s = 0;
  bool cut_short = false;
  std::uint64_t crashes = 0;
  std::vector<Tally> pipelines;
  Decision decision;
};

// `on_progress` hears the tallies every kProgressEvery. Setting `stop` ends the run early. Throws
// Error(kUnavailable) when the server cannot be reached or lists no model.
StressReport run_stress(const StressOptions& options,
                        const std::function<void(const StressReport&)>& on_progress,
                        const std::atomic<bool>* stop);

}  // namespace sanctum::stress
