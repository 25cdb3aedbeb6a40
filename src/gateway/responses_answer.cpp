// response, and the events of its stream.
#include "gateway/api_error.h"
#include "gateway/dialect.h"
#include "gateway/openai_error.h"
#include "gateway/responses_items.h"
#include "gateway/responses_request.h"
#include "gateway/sse.h"

namespace sanctum::gateway {
namespace {

class ResponsesAnswer : public AnswerShape {
 public:
  explicit ResponsesAnswer(AnswerHead head)
      : head_(std::move(head)),
        echo_(head_.echo.empty() ? R"({"repeated":{},"known":{},"seals":false})" : head_.echo, {},
              json::kOwnDepthMax),
        seals_(echo_.root().at("seals").as_bool() && head_.seal != nullptr) {
    for (const auto& [flat, tool] : echo_.root().at("known").members())
      known_[flat] = {tool.at("name").as_string(), tool.at("namespace").as_string(),
                      tool.at("custom").as_bool()};
  }

  std::string stream_type() const override { return kSseType; }

  std::string opening(const wire::Accepted&) override {
    return response_event("response.created", "in_progress", nullptr) +
           response_event("response.in_progress", "in_progress", nullptr);
  }

  std::string chunk(const wire::RowDelta& row) override {
    std::string bytes;
    if (!row.reasoning.empty()) bytes += text(OutputKind::kReasoning, row.reasoning);
    if (!row.content.empty()) bytes += text(OutputKind::kMessage, row.content);
    for (const auto& call : row.tool_calls) bytes += call_delta(call);
    return bytes;
  }

  std::string closing(const wire::Completed& completed) override {
    const bool cut = completed.finish_reason == wire::FinishReason::kLength;
    std::string bytes = cut ? close_cut() : close();
    return bytes + response_event(cut ? "response.incomplete" : "response.completed",
                                  cut ? "incomplete" : "completed", &completed);
  }

  std::string failed(const ApiError& error) override {
    // An item that is open stays so: whoever is told that a call is done carries it out.
    json::Writer w = begin("response.failed");
    w.key("response");
    write_response(w, "failed", nullptr, &error, over());
    w.end_object();
    return sse_event("response.failed", w.take());
  }

  // An event, because that is what Codex waits for: to a comment it is deaf.
  std::string quiet(Quiet) override {
    return response_event("response.in_progress", "in_progress", nullptr);
  }

  std::string whole(const wire::RowDelta& all, const wire::Completed& completed) override {
    gather(all, completed);
    return object(completed);
  }

  std::optional<KeptAnswer> to_keep(const wire::RowDelta& all,
                                    const wire::Completed& completed) override {
    const auto input = echo_.root().get("kept");
    if (!input) return std::nullopt;
    gather(all, completed);
    // Of a stream the last item is open still.
    if (open_) {
      OutputItem& last = items_.back();
      last.cut = completed.finish_reason == wire::FinishReason::kLength && is_cut(last);
      seal(last);
    }
    KeptAnswer answer;
    answer.id = "resp_" + head_.id;
    answer.previous = echo_.root().as_string_or("previous", "");
    answer.input = input->dump();
    answer.output = output(items_.size());
    kept_ = true;  // as it is shown then
    answer.object = object(completed);
    kept_ = false;
    answer.created_unix_s = head_.created_unix_s;
    return answer;
  }

  void was_kept() override { kept_ = true; }

 private:
  // Of an answer in one piece, once.
  void gather(const wire::RowDelta& all, const wire::Completed& completed) {
    if (!items_.empty()) return;
    if (!all.reasoning.empty()) {
      OutputItem& thought = add(OutputKind::kReasoning);
      thought.text = all.reasoning;
      seal(thought);
    }
    if (!all.content.empty()) add(OutputKind::kMessage).text = all.content;
    for (const auto& call : all.tool_calls) add_call(call).text = call.arguments;
    if (completed.finish_reason == wire::FinishReason::kLength && !items_.empty())
      items_.back().cut = is_cut(items_.back());
    open_ = false;
  }

  void seal(OutputItem& item) const {
    if (item.kind == OutputKind::kReasoning && seals_) item.sealed = head_.seal->close(item.text);
  }

  std::string object(const wire::Completed& completed) const {
    json::Writer w;
    const bool cut = completed.finish_reason == wire::FinishReason::kLength;
    write_response(w, cut ? "incomplete" : "completed", &completed, nullptr, items_.size());
    return w.take();
  }

  // The first `count` of its items.
  std::string output(std::size_t count) const {
    json::Writer w;
    w.begin_array();
    for (std::size_t i = 0; i < count; ++i) write_item(w, items_[i], true);
    w.end_array();
    return w.take();
  }

  std::size_t over() const { return items_.size() - (open_ ? 1 : 0); }

  json::Writer begin(std::string_view type) {
    json::Writer w;
    w.begin_object().field("type", type).field("sequence_number", sequence_++);
    return w;
  }

  void write_response(json::Writer& w, std::string_view status, const wire::Completed* completed,
                      const ApiError* error, std::size_t items) const {
    w.begin_object().field("id", "resp_" + head_.id).field("object", "response");
    w.field("created_at", head_.created_unix_s).field("status", status);
    w.field("background", false).key("error");
    if (error == nullptr) {
      w.null();
    } else {
      const bool too_long = error->code == kTooLongCode;
      w.begin_object().field("code", too_long               ? kTooLongCode
                                     : error->status == 429 ? "rate_limit_exceeded"
                                                            : "server_error");
      w.field("message", openai_words(*error)).end_object();
    }
    w.key("incomplete_details");
    if (status == "incomplete")
      w.begin_object().field("reason", "max_output_tokens").end_object();
    else
      w.null();
    w.field("model", head_.model).key("output").raw(output(items));
    const auto previous = echo_.root().get("previous");
    w.key("previous_response_id").raw(previous ? previous->dump() : "null").field("store", kept_);
    write_repeated(w);
    w.key("usage");
    if (completed == nullptr)
      w.null();
    else
      write_usage(w, completed->usage);
    w.end_object();
  }

  void write_repeated(json::Writer& w) const {
    const json::Node repeated = echo_.root().at("repeated");
    const std::pair<std::string_view, std::string_view> usual[] = {
        {"instructions", "null"},
        {"max_output_tokens", "null"},
        {"metadata", "{}"},
        {"parallel_tool_calls", "true"},
        {"temperature", "null"},
        {"tool_choice", "\"auto\""},
        {"tools", "[]"},
        {"top_p", "null"},
        {"truncation", "\"disabled\""},
        {"reasoning", R"({"effort":null,"summary":null})"},
        {"text", R"({"format":{"type":"text"}})"},
        {"user", "null"}};
    for (const auto& [name, value] : usual) {
      const auto told = repeated.get(name);
      w.key(name).raw(told ? told->dump() : std::string(value));
    }
  }

  static void write_usage(json::Writer& w, const wire::Usage& usage) {
    w.begin_object().field("input_tokens", usage.prompt_tokens);
    w.key("input_tokens_details").begin_object().field("cached_tokens", usage.cached_tokens);
    w.end_object().field("output_tokens", usage.completion_tokens);
    w.key("output_tokens_details")
        .begin_object()
        .field("reasoning_tokens", usage.reasoning_tokens)
        .end_object();
    w.field("total_tokens", usage.prompt_tokens + usage.completion_tokens).end_object();
  }

  std::string response_event(std::string_view type, std::string_view status,
                             const wire::Completed* completed) {
    json::Writer w = begin(type);
    w.key("response");
    write_response(w, status, completed, nullptr, over());
    w.end_object();
    return sse_event(type, w.take());
  }

  OutputItem& add(OutputKind kind) {
    const char* const prefix = kind == OutputKind::kReasoning ? "rs_"
                               : kind == OutputKind::kMessage ? "msg_"
                               : kind == OutputKind::kCustom  ? "ctc_"
                                                              : "fc_";
    items_.push_back({kind, prefix + head_.id + "_" + std::to_string(items_.size())});
    open_ = true;
    return items_.back();
  }

  OutputItem& add_call(const wire::ToolCallDelta& call) {
    const auto found = known_.find(call.name);
    const ResponsesTool tool =
        found == known_.end() ? ResponsesTool{call.name, "", false} : found->second;
    OutputItem& item = add(tool.is_custom ? OutputKind::kCustom : OutputKind::kFunction);
    item.tool = tool;
    item.call_id = call.id;
    call_ = call.index;
    return item;
  }

  // An event about the item that is open, with more members.
  template <class More>
  std::string item_event(std::string_view type, bool with_content, const More& more) {
    json::Writer w = begin(type);
    w.field("output_index", static_cast<int>(items_.size()) - 1);
    w.field("item_id", items_.back().id);
    if (with_content) w.field("content_index", 0);
    more(w);
    w.end_object();
    return sse_event(type, w.take());
  }

  std::string whole_item_event(std::string_view type, bool whole) {
    json::Writer w = begin(type);
    w.field("output_index", static_cast<int>(items_.size()) - 1).key("item");
    write_item(w, items_.back(), whole);
    w.end_object();
    return sse_event(type, w.take());
  }

  std::string opened() {
    std::string bytes = whole_item_event("response.output_item.added", false);
    if (items_.back().kind == OutputKind::kMessage)
      bytes += item_event("response.content_part.added", true, [](json::Writer& w) {
        w.key("part");
        write_text_part(w, "");
      });
    return bytes;
  }

  std::string text(OutputKind kind, const std::string& piece) {
    std::string bytes;
    if (!open_ || items_.back().kind != kind) {
      bytes += close();
      add(kind);
      bytes += opened();
    }
    items_.back().text += piece;
    const bool message = kind == OutputKind::kMessage;
    return bytes +
           item_event(message ? "response.output_text.delta" : "response.reasoning_text.delta",
                      true, [&](json::Writer& w) {
                        w.field("delta", piece);
                        if (message) w.key("logprobs").begin_array().end_array();
                      });
  }

  std::string call_delta(const wire::ToolCallDelta& call) {
    std::string bytes;
    const bool going_on =
        open_ && call.index == call_ &&
        (items_.back().kind == OutputKind::kFunction || items_.back().kind == OutputKind::kCustom);
    if (!going_on) {
      bytes += close();
      add_call(call);
      bytes += opened();
    }
    items_.back().text += call.arguments;
    // What a custom tool is given is known once its arguments are whole.
    if (call.arguments.empty() || items_.back().kind == OutputKind::kCustom) return bytes;
    return bytes + item_event("response.function_call_arguments.delta", false,
                              [&](json::Writer& w) { w.field("delta", call.arguments); });
  }

  // The answer was cut off in the item that is open. A call that is not whole is never told to be
  // done.
  std::string close_cut() {
    if (!open_) return {};
    OutputItem& item = items_.back();
    item.cut = is_cut(item);
    if (!item.cut || item.kind == OutputKind::kReasoning || item.kind == OutputKind::kMessage)
      return close();
    open_ = false;
    return {};
  }

  std::string close() {
    if (!open_) return {};
    OutputItem& item = items_.back();
    seal(item);
    std::string bytes;
    switch (item.kind) {
      case OutputKind::kReasoning:
        bytes += item_event("response.reasoning_text.done", true,
                            [&](json::Writer& w) { w.field("text", item.text); });
        break;
      case OutputKind::kMessage:
        bytes += item_event("response.output_text.done", true, [&](json::Writer& w) {
          w.field("text", item.text).key("logprobs").begin_array().end_array();
        });
        bytes += item_event("response.content_part.done", true, [&](json::Writer& w) {
          w.key("part");
          write_text_part(w, item.text);
        });
        break;
      case OutputKind::kFunction:
        bytes += item_event("response.function_call_arguments.done", false,
                            [&](json::Writer& w) { w.field("arguments", item.text); });
        break;
      case OutputKind::kCustom: {
        const std::string input = custom_input(item.text);
        bytes += item_event("response.custom_tool_call_input.delta", false,
                            [&](json::Writer& w) { w.field("delta", input); });
        bytes += item_event("response.custom_tool_call_input.done", false,
                            [&](json::Writer& w) { w.field("input", input); });
        break;
      }
    }
    open_ = false;
    return bytes + whole_item_event("response.output_item.done", true);
  }

  const AnswerHead head_;
  const json::Document echo_;
  const bool seals_;
  bool kept_ = false;
  std::map<std::string, ResponsesTool> known_;  // by flat name
  std::vector<OutputItem> items_;
  bool open_ = false;  // the last of them
  int call_ = -1;      // the engine's number of the last call
  int sequence_ = 0;
};

std::unique_ptr<AnswerShape> responses_answer(AnswerHead head) {
  return std::make_unique<ResponsesAnswer>(std::move(head));
}

}  // namespace

const Dialect kResponsesDialect{"responses",
                                decode_responses_request,
                                responses_answer,
                                openai_error,
                                responses_field,
                                previous_response,
                                true,
                                true};

}  // namespace sanctum::gateway
