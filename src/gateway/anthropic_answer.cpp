// message, and the events of its stream.
#include "gateway/anthropic_error.h"
#include "gateway/anthropic_request.h"
#include "gateway/dialect.h"
#include "gateway/sse.h"

namespace sanctum::gateway {
namespace {

// It is not checked when it comes back; some clients drop a thought without one.
constexpr std::string_view kSignature = "sanctum";

std::string_view stop_reason(const wire::Completed& completed) {
  switch (completed.finish_reason) {
    case wire::FinishReason::kLength:
      return "max_tokens";
    case wire::FinishReason::kToolCalls:
      return "tool_use";
    default:
      return completed.stop_string.empty() ? "end_turn" : "stop_sequence";
  }
}

void write_stop(json::Writer& w, const wire::Completed& completed) {
  const std::string reason(stop_reason(completed));
  w.field("stop_reason", reason).key("stop_sequence");
  reason == "stop_sequence" ? w.value(completed.stop_string) : w.null();
}

// Anthropic counts what the cache had apart.
void write_usage(json::Writer& w, int prompt_tokens, int cached_tokens, int completion_tokens) {
  w.key("usage").begin_object().field("input_tokens", prompt_tokens - cached_tokens);
  w.field("cache_creation_input_tokens", 0).field("cache_read_input_tokens", cached_tokens);
  w.field("output_tokens", completion_tokens).end_object();
}

std::string event(std::string_view type, json::Writer& w) {
  return sse_event(type, w.take());
}

json::Writer begin(std::string_view type) {
  json::Writer w;
  w.begin_object().field("type", type);
  return w;
}

class MessagesAnswer : public AnswerShape {
 public:
  explicit MessagesAnswer(AnswerHead head) : head_(std::move(head)) {}

  std::string stream_type() const override { return kSseType; }

  std::string opening(const wire::Accepted& accepted) override {
    json::Writer w = begin("message_start");
    w.key("message").begin_object();
    write_head(w);
    w.key("content").begin_array().end_array();
    w.key("stop_reason").null().key("stop_sequence").null();
    write_usage(w, accepted.prompt_tokens, 0, 0);
    w.end_object().end_object();
    return event("message_start", w) + ping();
  }

  std::string chunk(const wire::RowDelta& row) override {
    std::string bytes;
    if (!row.reasoning.empty()) {
      bytes += open(Block::kThinking, [](json::Writer& w) {
        w.field("type", "thinking").field("thinking", "").field("signature", "");
      });
      bytes += delta("thinking_delta", "thinking", row.reasoning);
    }
    if (!row.content.empty()) {
      bytes +=
          open(Block::kText, [](json::Writer& w) { w.field("type", "text").field("text", ""); });
      bytes += delta("text_delta", "text", row.content);
    }
    for (const auto& call : row.tool_calls) bytes += call_delta(call);
    return bytes;
  }

  std::string closing(const wire::Completed& completed) override {
    std::string bytes = close();
    json::Writer w = begin("message_delta");
    w.key("delta").begin_object();
    write_stop(w, completed);
    w.end_object();
    write_usage(w, completed.usage.prompt_tokens, completed.usage.cached_tokens,
                completed.usage.completion_tokens);
    w.end_object();
    bytes += event("message_delta", w);
    json::Writer stop = begin("message_stop");
    stop.end_object();
    return bytes + event("message_stop", stop);
  }

  std::string failed(const ApiError& error) override {
    return sse_event("error", anthropic_error(error));
  }

  std::string quiet(Quiet) override { return ping(); }

  std::string whole(const wire::RowDelta& all, const wire::Completed& completed) override {
    json::Writer w;
    w.begin_object();
    write_head(w);
    w.key("content").begin_array();
    if (!all.reasoning.empty())
      w.begin_object()
          .field("type", "thinking")
          .field("thinking", all.reasoning)
          .field("signature", kSignature)
          .end_object();
    if (!all.content.empty())
      w.begin_object().field("type", "text").field("text", all.content).end_object();
    for (const auto& call : all.tool_calls) {
      w.begin_object().field("type", "tool_use").field("id", call.id).field("name", call.name);
      w.key("input").raw(whole_object(call.arguments)).end_object();
    }
    w.end_array();
    write_stop(w, completed);
    write_usage(w, completed.usage.prompt_tokens, completed.usage.cached_tokens,
                completed.usage.completion_tokens);
    w.end_object();
    return w.take();
  }

 private:
  enum class Block { kNone, kThinking, kText, kCall };

  void write_head(json::Writer& w) const {
    w.field("id", "msg_" + head_.id).field("type", "message").field("role", "assistant");
    w.field("model", head_.model);
  }

  static std::string ping() {
    json::Writer w = begin("ping");
    w.end_object();
    return event("ping", w);
  }

  // What a model wrote as a call's arguments, where it is an object; else that text in one.
  static std::string whole_object(const std::string& arguments) {
    try {
      const json::Document document(arguments.empty() ? "{}" : arguments);
      if (document.root().is_object()) return document.root().dump();
    } catch (const Error&) {  // broken, or cut
    }
    json::Writer w;
    w.begin_object().field("arguments", arguments).end_object();
    return w.take();
  }

  std::string call_delta(const wire::ToolCallDelta& call) {
    std::string bytes;
    if (block_ != Block::kCall || call.index != call_) {
      bytes += close();
      bytes += open(Block::kCall, [&](json::Writer& w) {
        w.field("type", "tool_use").field("id", call.id).field("name", call.name);
        w.key("input").begin_object().end_object();
      });
      call_ = call.index;
    }
    if (!call.arguments.empty()) bytes += delta("input_json_delta", "partial_json", call.arguments);
    return bytes;
  }

  template <class Write>
  std::string open(Block block, const Write& write) {
    if (block_ == block) return {};
    std::string bytes = close();
    block_ = block;
    json::Writer w = begin("content_block_start");
    w.field("index", index_).key("content_block").begin_object();
    write(w);
    w.end_object().end_object();
    return bytes + event("content_block_start", w);
  }

  std::string delta(std::string_view type, std::string_view member, const std::string& text) const {
    json::Writer w = begin("content_block_delta");
    w.field("index", index_).key("delta").begin_object();
    w.field("type", type).field(member, text).end_object().end_object();
    return event("content_block_delta", w);
  }

  std::string close() {
    if (block_ == Block::kNone) return {};
    std::string bytes;
    if (block_ == Block::kThinking)
      bytes += delta("signature_delta", "signature", std::string(kSignature));
    json::Writer w = begin("content_block_stop");
    w.field("index", index_).end_object();
    block_ = Block::kNone;
    ++index_;
    return bytes + event("content_block_stop", w);
  }

  const AnswerHead head_;
  Block block_ = Block::kNone;  // that is open
  int index_ = 0;               // of it, or of the next one
  int call_ = -1;               // the engine's number of the call that is open
};

std::unique_ptr<AnswerShape> messages_answer(AnswerHead head) {
  return std::make_unique<MessagesAnswer>(std::move(head));
}

}  // namespace

const Dialect kMessagesDialect{"messages",
                               [](const json::Node& body, Decoding& with) {
                                 return decode_messages_request(body, with.notes);
                               },
                               messages_answer,
                               anthropic_error,
                               messages_field,
                               nullptr,
                               true};

}  // namespace sanctum::gateway
