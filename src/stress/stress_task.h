// One request of the stress test and what its answer has to be. Pure but for the generator.
//
// Contract: every text request has a nonce of its own, so an answer that went to the wrong client
// cannot pass; every vision request has a random colour.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "client/chat_client.h"

namespace sanctum::stress {

enum class Pipeline { kText, kVision };
inline constexpr int kPipelines = 2;
std::string_view to_string(Pipeline pipeline);

inline constexpr int kNonceCharacters = 9;
inline constexpr int kAnswerTokensMax = 40;

struct StressTask {
  Pipeline pipeline = Pipeline::kText;
  bool stream = false;
  std::string messages_json;
  std::string expected;  // the nonce, or the colour's usual name
};

// Task number `number` of its worker; every other one is streamed.
StressTask make_task(Pipeline pipeline, std::uint64_t number, std::mt19937_64& random);
client::ChatRequest request_of(const StressTask& task, const std::string& model);

enum class Finding {
  kOk,
  kWrong,      // a whole answer that is not the one
  kError,      // no whole answer
  kRefused,    // 429: asked to come back later
  kCancelled,  // we left
};
struct Judgement {
  Finding finding = Finding::kError;
  std::string text;  // empty for kOk
};
// What an answer is whatever it had to be: nothing for a whole one, which may be right or wrong.
std::optional<Judgement> judge_ending(const client::Answer& answer);
Judgement judge(const StressTask& task, const client::Answer& answer);

}  // namespace sanctum::stress
