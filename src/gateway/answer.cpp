#include "gateway/answer.h"

#include <algorithm>

namespace sanctum::gateway {

void merge(wire::RowDelta& all, const wire::RowDelta& row) {
  all.ids.insert(all.ids.end(), row.ids.begin(), row.ids.end());
  all.content += row.content;
  all.reasoning += row.reasoning;
  for (const auto& call : row.tool_calls) {
    const auto same = std::find_if(all.tool_calls.begin(), all.tool_calls.end(),
                                   [&](const auto& known) { return known.index == call.index; });
    if (same == all.tool_calls.end()) {
      all.tool_calls.push_back(call);
      continue;
    }
    if (same->id.empty()) same->id = call.id;
    if (same->name.empty()) same->name = call.name;
    same->arguments += call.arguments;
  }
  all.logprobs.insert(all.logprobs.end(), row.logprobs.begin(), row.logprobs.end());
}

std::size_t bytes_of(const wire::RowDelta& row) {
  std::size_t bytes = row.content.size() + row.reasoning.size() + row.ids.size() * sizeof(int);
  for (const auto& call : row.tool_calls)
    bytes += call.id.size() + call.name.size() + call.arguments.size();
  for (const auto& position : row.logprobs)
    bytes += sizeof position + position.top.size() * sizeof(wire::TokenLogprob);
  return bytes;
}

namespace {

void write_usage(json::Writer& w, const wire::Usage& usage) {
  w.key("usage").begin_object().field("prompt_tokens", usage.prompt_tokens);
  w.field("completion_tokens", usage.completion_tokens);
  w.field("total_tokens", usage.prompt_tokens + usage.completion_tokens);
  w.key("prompt_tokens_details").begin_object().field("cached_tokens", usage.cached_tokens);
  w.field("image_tokens", usage.image_tokens).end_object().end_object();
}

void write_timings(json::Writer& w, const wire::Completed& completed) {
  const wire::Timings& t = completed.timings;
  w.key("timings").begin_object().field("queue_us", t.queue_us).field("vision_us", t.vision_us);
  w.field("prefill_us", t.prefill_us).field("decode_us", t.decode_us);
  w.field("prompt_n", completed.usage.prompt_tokens).field("image_n", completed.usage.image_tokens);
  w.field("decode_n", completed.usage.completion_tokens).end_object();
}

void end_choice(json::Writer& w) {
  w.end_object().end_array();
}

}  // namespace

json::Writer begin_answer(const AnswerHead& head, std::string_view id_prefix,
                          std::string_view object) {
  json::Writer w;
  w.begin_object().field("id", std::string(id_prefix) + head.id).field("object", object);
  w.field("created", head.created_unix_s).field("model", head.model);
  return w;
}

void begin_choice(json::Writer& w) {
  w.key("choices").begin_array().begin_object().field("index", 0);
}

std::string end_event(json::Writer& w, const AnswerHead& head) {
  end_choice(w);
  if (head.include_usage) w.key("usage").null();
  w.end_object();
  return w.take();
}

std::string end_last_event(json::Writer& w, const AnswerHead& head,
                           const wire::Completed& completed) {
  end_choice(w);
  if (head.include_usage) w.key("usage").null();
  write_timings(w, completed);
  w.end_object();
  return w.take();
}

std::string end_whole(json::Writer& w, const wire::Completed& completed) {
  end_choice(w);
  write_usage(w, completed.usage);
  write_timings(w, completed);
  w.end_object();
  return w.take();
}

std::string usage_event(json::Writer& w, const wire::Completed& completed) {
  w.key("choices").begin_array().end_array();
  write_usage(w, completed.usage);
  write_timings(w, completed);
  w.end_object();
  return w.take();
}

}  // namespace sanctum::gateway
