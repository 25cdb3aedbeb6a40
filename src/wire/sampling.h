// Sampling parameters read from a JSON object, by the names that OpenAI's clients and their peers
// use. The gateway reads them from a request's top level, the engine from `sampling`.
#pragma once

#include <array>
#include <string_view>

#include "base/json.h"
#include "wire/messages.h"

namespace sanctum::wire {

inline constexpr std::size_t kStopBytesMax = 1024;  // one stop string
inline constexpr std::size_t kStopTokenIdsMax = 64;
inline constexpr int kTokenIdMax = (1 << 30) - 1;

// The members that read_sampling reads, for those who refuse what they do not know.
inline constexpr std::array<std::string_view, 13> kSamplingFields{
    "temperature",       "top_k",      "top_p", "min_p", "repetition_penalty", "presence_penalty",
    "frequency_penalty", "logit_bias", "seed",  "stop",  "stop_token_ids",     "ignore_eos",
    "max_tokens"};

// The five of a SamplingChoice alone; others are left alone. Throws as read_sampling does.
SamplingChoice read_choice(const json::Node& object);
// Its members, into an object that is open; nothing of what is left to others.
void write_choice(json::Writer& w, const SamplingChoice& choice);

// How long an answer may be; 0, for -1: up to the end of the context.
int max_tokens_in(const json::Node& node);

// A text, or several.
std::vector<std::string> stop_strings_in(const json::Node& node);
double repetition_penalty_in(const json::Node& node);

// Other members are left alone (log probabilities differ by API).
// Throws Error(kInvalid) naming the field for a wrong type or a value out of range.
Sampling read_sampling(const json::Node& object);

}  // namespace sanctum::wire
