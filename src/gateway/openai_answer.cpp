#include "gateway/openai_answer.h"

#include "gateway/openai_error.h"
#include "gateway/sse.h"

namespace sanctum::gateway {
namespace {

void write_usage(json::Writer& w, const wire::Usage& usage) {
  w.key("usage").begin_object().field("prompt_tokens", usage.prompt_tokens);
  w.field("completion_tokens", usage.completion_tokens);
  w.field("total_tokens", usage.prompt_tokens + usage.completion_tokens);
  w.key("prompt_tokens_details").begin_object().field("cached_tokens", usage.cached_tokens);
  w.field("image_tokens", usage.image_tokens).end_object();
  w.key("completion_tokens_details").begin_object();
  w.field("reasoning_tokens", usage.reasoning_tokens).end_object().end_object();
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

constexpr std::string_view kDone = "[DONE]";

}  // namespace

std::string OpenAiAnswer::stream_type() const {
  return kSseType;
}

std::string OpenAiAnswer::opening(const wire::Accepted&) {
  const std::string event = opening_event();
  return event.empty() ? event : sse_event(event);
}

std::string OpenAiAnswer::chunk(const wire::RowDelta& row) {
  return sse_event(event(row));
}

std::string OpenAiAnswer::progress(const wire::RowDelta& row, int total, std::int64_t since_us) {
  json::Writer w;
  w.begin_object().field("total", total).field("cache", row.prompt_cached);
  w.field("processed", row.prompt_done).field("time_ms", since_us / 1000).end_object();
  std::string told = event({});
  told.pop_back();  // its closing brace
  return sse_event(told + ",\"prompt_progress\":" + w.take() + "}");
}

std::string OpenAiAnswer::closing(const wire::Completed& completed) {
  std::string bytes;
  for (const auto& event : closing_events(completed)) bytes += sse_event(event);
  return bytes + sse_event(kDone);
}

std::string OpenAiAnswer::failed(const ApiError& error) {
  return sse_event(openai_error(error)) + sse_event(kDone);
}

std::string OpenAiAnswer::quiet(Quiet why) {
  switch (why) {
    case Quiet::kGenerating:
      return sse_comment("waiting");
    case Quiet::kNoEngine:
      return sse_comment("waiting for the engine");
    case Quiet::kEngineRestarts:
      return sse_comment("the engine restarts, the answer goes on");
  }
  return {};
}

json::Writer begin_answer(const AnswerHead& head, std::string_view id_prefix,
                          std::string_view object) {
  json::Writer w;
  w.begin_object().field("id", std::string(id_prefix) + head.id).field("object", object);
  w.field("created", head.created_unix_s).field("model", head.model);
  w.field("system_fingerprint", "sanctum-" SANCTUM_VERSION);
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
