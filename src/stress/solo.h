// The question asked alone and the same question under load: what is asked, and whether the two
// answers are equal. Pure.
//
// Contract: every question is fixed to the last member (sampling and seed included), so that a
// server which keeps its requests apart answers it with the same bytes whoever else is served.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/chat_client.h"
#include "stress/stress_task.h"

namespace sanctum::stress {

inline constexpr std::int64_t kSoloTokensMax = 48;  // of one answer, reasoning included
inline constexpr double kSoloTemperature = 0.8;     // of the half that is sampled
inline constexpr std::int64_t kSoloSeedFirst = 1000;
inline constexpr int kSoloLongWords = 400;  // of the long question: more than one prefill step
inline constexpr std::size_t kExcerptCharactersMax = 40;

struct SoloQuestion {
  std::string name;  // "weather tool, seed 1009"
  Pipeline pipeline = Pipeline::kText;
  client::ChatRequest request;  // without its model
};

// The built-in battery's questions (text, tool call, pictures) and a long one, each of them greedy
// and sampled; only those of `pipelines`.
std::vector<SoloQuestion> solo_questions(const std::vector<Pipeline>& pipelines);

// Where two answers differ first, with the start of both from there: "text differs after 12
// bytes: alone "40", under load "41"". Nothing where text, reasoning, tool calls, finish reason and
// log probabilities are equal; the names that servers give to tool calls are not compared.
std::optional<std::string> difference(const client::Answer& alone, const client::Answer& loaded);

// Equal is right, different is wrong.
Judgement judge_by_twin(const std::string& name, const client::Answer& alone,
                        const client::Answer& loaded);

}  // namespace sanctum::stress
