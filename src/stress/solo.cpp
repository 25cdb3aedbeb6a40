#include "stress/solo.h"

#include <algorithm>

#include "base/json.h"
#include "client/printable.h"
#include "probes/battery.h"

namespace sanctum::stress {
namespace {

probes::Question long_question() {
  json::Writer w;
  std::string text = "Tell me about";
  for (int i = 0; i < kSoloLongWords; ++i) text += i % 2 == 0 ? " the" : " sea and";
  w.begin_array().begin_object().field("role", "user").field("content", text + " moon.");
  w.end_object().end_array();
  probes::Question question;
  question.name = "long";
  question.kind = "text";
  question.messages_json = w.take();
  return question;
}

bool asks_for(const std::vector<Pipeline>& pipelines, Pipeline pipeline) {
  return std::find(pipelines.begin(), pipelines.end(), pipeline) != pipelines.end();
}

// The rest of `text` from byte `at`, which is moved back to the start of its character.
std::string excerpt(const std::string& text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return json::quote(
      client::printable_line(std::string_view(text).substr(at), kExcerptCharactersMax));
}

std::string both(const std::string& alone, const std::string& loaded) {
  return "alone " + alone + ", under load " + loaded;
}

std::optional<std::string> text_difference(const std::string& what, const std::string& alone,
                                           const std::string& loaded) {
  if (alone == loaded) return std::nullopt;
  const auto [left, right] =
      std::mismatch(alone.begin(), alone.end(), loaded.begin(), loaded.end());
  const auto at = static_cast<std::size_t>(left - alone.begin());
  return what + " differs after " + std::to_string(at) +
         " bytes: " + both(excerpt(alone, at), excerpt(loaded, at));
}

std::string spelled(const std::vector<client::ToolCall>& calls) {
  std::string text;
  for (const auto& call : calls) text += call.name + "(" + call.arguments + ");";
  return text;
}

std::string spelled(const client::TokenLogprob& token) {
  return json::quote(client::printable_line(token.token, kExcerptCharactersMax)) + " " +
         json::number(token.logprob);
}

std::optional<std::string> logprob_difference(const std::vector<client::TokenLogprob>& alone,
                                              const std::vector<client::TokenLogprob>& loaded) {
  for (std::size_t i = 0; i < std::min(alone.size(), loaded.size()); ++i) {
    if (alone[i].token == loaded[i].token && alone[i].logprob == loaded[i].logprob) continue;
    return "log probability of token " + std::to_string(i) +
           " differs: " + both(spelled(alone[i]), spelled(loaded[i]));
  }
  if (alone.size() == loaded.size()) return std::nullopt;
  return "number of log probabilities differs: " +
         both(std::to_string(alone.size()), std::to_string(loaded.size()));
}

}  // namespace

std::vector<SoloQuestion> solo_questions(const std::vector<Pipeline>& pipelines) {
  auto asked = probes::decode_battery(probes::built_in_battery());
  asked.push_back(long_question());
  std::vector<SoloQuestion> questions;
  auto seed = kSoloSeedFirst;
  for (const auto& question : asked) {
    const auto pipeline = question.kind == "vision" ? Pipeline::kVision : Pipeline::kText;
    if (!asks_for(pipelines, pipeline)) continue;
    client::ChatRequest request{.messages_json = question.messages_json,
                                .tools_json = question.tools_json,
                                .max_tokens = kSoloTokensMax,
                                .temperature = 0.0,
                                .logprobs = true};
    questions.push_back({question.name + ", greedy", pipeline, request});
    request.temperature = kSoloTemperature;
    request.seed = seed++;
    questions.push_back(
        {question.name + ", seed " + std::to_string(*request.seed), pipeline, request});
  }
  return questions;
}

std::optional<std::string> difference(const client::Answer& alone, const client::Answer& loaded) {
  if (auto found = text_difference("text", alone.content, loaded.content)) return found;
  if (auto found = text_difference("reasoning", alone.reasoning, loaded.reasoning)) return found;
  if (auto found =
          text_difference("tool call", spelled(alone.tool_calls), spelled(loaded.tool_calls))) {
    return found;
  }
  if (auto found = text_difference("finish reason", alone.finish_reason, loaded.finish_reason)) {
    return found;
  }
  return logprob_difference(alone.logprobs, loaded.logprobs);
}

Judgement judge_by_twin(const std::string& name, const client::Answer& alone,
                        const client::Answer& loaded) {
  if (auto ended = judge_ending(loaded)) return *std::move(ended);
  if (const auto found = difference(alone, loaded)) return {Finding::kWrong, name + ": " + *found};
  return {Finding::kOk, {}};
}

}  // namespace sanctum::stress
