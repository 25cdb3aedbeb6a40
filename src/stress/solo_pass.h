// Asks every question once, alone, one after the other, before a load begins.
//
// Contract: ends within kRefusalGrace and one request's limits for each question. Thread rule: the
// caller's; `stop` may be set by any.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "client/chat_client.h"
#include "stress/pace.h"
#include "stress/solo.h"

namespace sanctum::stress {

// A question and the answer that its twins under load have to equal.
struct Twin {
  SoloQuestion question;
  client::Answer alone;
};
struct SoloFailure {
  Pipeline pipeline = Pipeline::kText;
  std::string text;
};
struct SoloPass {
  std::vector<Twin> twins;            // of the questions that were answered
  std::vector<SoloFailure> failures;  // of those that were not
};

// `wait` pauses after a refusal and is expected to return early once `stop` is set. `on_asked`
// hears how many questions are done.
SoloPass ask_alone(const std::vector<SoloQuestion>& questions, client::ChatClient& client,
                   const std::atomic<bool>* stop, const std::function<void(Milliseconds)>& wait,
                   const std::function<void(std::size_t)>& on_asked);

}  // namespace sanctum::stress
