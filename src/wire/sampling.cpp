#include "wire/sampling.h"

#include <charconv>

namespace sanctum::wire {
namespace {

constexpr double kTemperatureMax = 2.0;
constexpr double kRepetitionPenaltyMin = 0.01;
constexpr double kRepetitionPenaltyMax = 10.0;
constexpr double kPenaltyMax = 2.0;
constexpr double kLogitBiasMagnitudeMax = 100.0;

template <class Number>
void read(const json::Node& object, std::string_view key, double low, double high, Number& out) {
  if (const auto node = object.get(key)) out = node->as_double(low, high);
}

int token_id(const json::Node& object, const std::string& text) {
  int id = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 0 || id > kTokenIdMax) {
    object.fail("must have token ids as keys, not \"" + text + "\"");
  }
  return id;
}

void read_stop(const json::Node& node, std::vector<std::string>& out) {
  const auto add = [&](const json::Node& item) {
    std::string text = item.as_string();
    if (text.empty()) item.fail("must not be empty");
    if (text.size() > kStopBytesMax) {
      item.fail("must have at most " + std::to_string(kStopBytesMax) + " bytes");
    }
    out.push_back(std::move(text));
  };
  if (node.is_string()) return add(node);
  if (!node.is_array())
    node.fail("must be a string or an array of strings, not " + std::string(node.kind()));
  for (const auto& item : node.as_array(kStopStringsMax)) add(item);
}

}  // namespace

SamplingChoice read_choice(const json::Node& object) {
  SamplingChoice c;
  read(object, "temperature", 0, kTemperatureMax, c.temperature);
  read(object, "top_p", 0, 1, c.top_p);
  read(object, "min_p", 0, 1, c.min_p);
  if (const auto node = object.get("repetition_penalty"))
    c.repetition_penalty = repetition_penalty_in(*node);
  if (const auto node = object.get("top_k")) {
    const auto top_k = static_cast<int>(node->as_int(-1, kTokenIdMax));
    c.top_k = top_k < 0 ? 0 : top_k;  // peers spell "off" as -1
  }
  return c;
}

void write_choice(json::Writer& w, const SamplingChoice& c) {
  if (c.temperature) w.field("temperature", *c.temperature);
  if (c.top_k) w.field("top_k", *c.top_k);
  if (c.top_p) w.field("top_p", *c.top_p);
  if (c.min_p) w.field("min_p", *c.min_p);
  if (c.repetition_penalty) w.field("repetition_penalty", *c.repetition_penalty);
}

std::vector<std::string> stop_strings_in(const json::Node& node) {
  std::vector<std::string> stop;
  read_stop(node, stop);
  return stop;
}

double repetition_penalty_in(const json::Node& node) {
  return node.as_double(kRepetitionPenaltyMin, kRepetitionPenaltyMax);
}

int max_tokens_in(const json::Node& node) {
  const std::int64_t told = node.as_int(-1, kMaxTokensMax);
  if (told == 0) node.fail("must be at least 1, or -1 for no limit");
  return told < 0 ? 0 : static_cast<int>(told);
}

Sampling read_sampling(const json::Node& object) {
  Sampling s;
  static_cast<SamplingChoice&>(s) = read_choice(object);
  read(object, "presence_penalty", -kPenaltyMax, kPenaltyMax, s.presence_penalty);
  read(object, "frequency_penalty", -kPenaltyMax, kPenaltyMax, s.frequency_penalty);
  if (const auto node = object.get("logit_bias")) {
    const auto members = node->members();
    if (members.size() > kLogitBiasMax) {
      node->fail("must have at most " + std::to_string(kLogitBiasMax) + " entries");
    }
    for (const auto& [key, value] : members) {
      s.logit_bias[token_id(*node, key)] =
          value.as_double(-kLogitBiasMagnitudeMax, kLogitBiasMagnitudeMax);
    }
  }
  if (const auto node = object.get("seed")) {
    const bool negative = node->is_number() && node->dump().front() == '-';
    s.seed = negative ? static_cast<std::uint64_t>(node->as_int()) : node->as_uint64();
  }
  if (const auto node = object.get("stop")) s.stop = stop_strings_in(*node);
  if (const auto node = object.get("stop_token_ids")) {
    for (const auto& item : node->as_array(kStopTokenIdsMax)) {
      s.stop_token_ids.push_back(static_cast<int>(item.as_int(0, kTokenIdMax)));
    }
  }
  s.ignore_eos = object.as_bool_or("ignore_eos", false);
  if (const auto node = object.get("max_tokens")) s.max_tokens = max_tokens_in(*node);
  return s;
}

}  // namespace sanctum::wire
