// chat.completion and chat.completion.chunk.
#include "gateway/dialect.h"
#include "gateway/openai_answer.h"
#include "gateway/openai_error.h"

namespace sanctum::gateway {
namespace {

void write_token(json::Writer& w, const wire::TokenLogprob& token) {
  w.field("token", token.bytes).field("logprob", token.logprob).key("bytes").begin_array();
  for (const char c : token.bytes) w.value(static_cast<int>(static_cast<unsigned char>(c)));
  w.end_array();
}

void write_logprobs(json::Writer& w, const std::vector<wire::PositionLogprobs>& positions) {
  w.key("logprobs");
  if (positions.empty()) {
    w.null();
    return;
  }
  w.begin_object().key("content").begin_array();
  for (const auto& position : positions) {
    w.begin_object();
    write_token(w, position.chosen);
    w.key("top_logprobs").begin_array();
    for (const auto& token : position.top) {
      w.begin_object();
      write_token(w, token);
      w.end_object();
    }
    w.end_array().end_object();
  }
  w.end_array().key("refusal").null().end_object();
}

void write_tool_calls(json::Writer& w, const std::vector<wire::ToolCallDelta>& calls, bool chunk) {
  w.key("tool_calls").begin_array();
  for (const auto& call : calls) {
    w.begin_object();
    if (chunk) w.field("index", call.index);
    if (!call.id.empty()) w.field("id", call.id).field("type", "function");
    w.key("function").begin_object();
    if (!call.name.empty()) w.field("name", call.name);
    w.field("arguments", call.arguments).end_object().end_object();
  }
  w.end_array();
}

// The one call of an answer to a request that speaks of functions.
void write_function_call(json::Writer& w, const wire::ToolCallDelta& call) {
  w.key("function_call").begin_object();
  if (!call.name.empty()) w.field("name", call.name);
  w.field("arguments", call.arguments).end_object();
}

class ChatAnswer : public OpenAiAnswer {
 public:
  explicit ChatAnswer(AnswerHead head)
      : head_(std::move(head)), functions_(head_.echo == kSpeaksFunctions) {}

  std::string opening_event() override {
    json::Writer w = begin(kEvent);
    begin_choice(w);
    w.key("delta").begin_object().field("role", "assistant").field("content", "").end_object();
    w.key("logprobs").null().key("finish_reason").null();
    return end_event(w, head_);
  }

  std::string event(const wire::RowDelta& row) override {
    json::Writer w = begin(kEvent);
    begin_choice(w);
    w.key("delta").begin_object();
    if (!row.reasoning.empty()) w.field("reasoning_content", row.reasoning);
    if (!row.content.empty()) w.field("content", row.content);
    if (!row.tool_calls.empty()) write_calls(w, row.tool_calls, true);
    w.end_object();
    write_logprobs(w, row.logprobs);
    w.key("finish_reason").null();
    return end_event(w, head_);
  }

  std::vector<std::string> closing_events(const wire::Completed& completed) override {
    json::Writer last = begin(kEvent);
    begin_choice(last);
    last.key("delta").begin_object().end_object().key("logprobs").null();
    last.field("finish_reason", reason(completed));
    std::vector<std::string> events{end_last_event(last, head_, completed)};
    if (head_.include_usage) {
      json::Writer usage = begin(kEvent);
      events.push_back(usage_event(usage, completed));
    }
    return events;
  }

  std::string whole(const wire::RowDelta& all, const wire::Completed& completed) override {
    json::Writer w = begin("chat.completion");
    begin_choice(w);
    w.key("message").begin_object().field("role", "assistant").key("content");
    all.content.empty() && !all.tool_calls.empty() ? w.null() : w.value(all.content);
    w.key("refusal").null();
    if (!all.reasoning.empty()) w.field("reasoning_content", all.reasoning);
    if (!all.tool_calls.empty()) write_calls(w, all.tool_calls, false);
    w.end_object();
    write_logprobs(w, all.logprobs);
    w.field("finish_reason", reason(completed));
    return end_whole(w, completed);
  }

 private:
  static constexpr std::string_view kEvent = "chat.completion.chunk";

  json::Writer begin(std::string_view object) const {
    return begin_answer(head_, "chatcmpl-", object);
  }

  void write_calls(json::Writer& w, const std::vector<wire::ToolCallDelta>& calls,
                   bool chunk) const {
    functions_ ? write_function_call(w, calls.front()) : write_tool_calls(w, calls, chunk);
  }
  std::string_view reason(const wire::Completed& completed) const {
    if (functions_ && completed.finish_reason == wire::FinishReason::kToolCalls)
      return "function_call";
    return to_string(completed.finish_reason);
  }

  const AnswerHead head_;
  const bool functions_;  // spoken of, and not of tools
};

std::unique_ptr<AnswerShape> chat_answer(AnswerHead head) {
  return std::make_unique<ChatAnswer>(std::move(head));
}

}  // namespace

const Dialect kChatDialect{
    "chat",
    [](const json::Node& body, Decoding& with) { return decode_chat_request(body, with.notes); },
    chat_answer, openai_error, public_field};

}  // namespace sanctum::gateway
