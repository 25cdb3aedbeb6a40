// text_completion, whole and in pieces.
#include <algorithm>

#include "gateway/answer.h"

namespace sanctum::gateway {
namespace {

class CompletionAnswer : public AnswerShape {
 public:
  explicit CompletionAnswer(AnswerHead head) : head_(std::move(head)) {}

  std::vector<std::string> opening() override { return {}; }

  std::string chunk(const wire::RowDelta& row) override {
    json::Writer w = begin();
    begin_choice(w, row.content);
    write_logprobs(w, row.logprobs);
    w.key("finish_reason").null().end_object().end_array();
    if (head_.include_usage) w.key("usage").null();
    w.end_object();
    return w.take();
  }

  std::vector<std::string> closing(const wire::Completed& completed) override {
    json::Writer last = begin();
    begin_choice(last, "");
    last.key("logprobs")
        .null()
        .field("finish_reason", completed.finish_reason)
        .end_object()
        .end_array();
    if (head_.include_usage) last.key("usage").null();
    write_timings(last, completed);
    last.end_object();
    std::vector<std::string> events{last.take()};
    if (head_.include_usage) {
      json::Writer w = begin();
      w.key("choices").begin_array().end_array();
      write_usage(w, completed.usage);
      write_timings(w, completed);
      w.end_object();
      events.push_back(w.take());
    }
    return events;
  }

  std::string whole(const wire::RowDelta& all, const wire::Completed& completed) override {
    json::Writer w = begin();
    begin_choice(w, all.content);
    write_logprobs(w, all.logprobs);
    w.field("finish_reason", completed.finish_reason).end_object().end_array();
    write_usage(w, completed.usage);
    write_timings(w, completed);
    w.end_object();
    return w.take();
  }

 private:
  json::Writer begin() const {
    json::Writer w;
    w.begin_object().field("id", "cmpl-" + head_.id).field("object", "text_completion");
    w.field("created", head_.created_unix_s).field("model", head_.model);
    return w;
  }
  static void begin_choice(json::Writer& w, std::string_view text) {
    w.key("choices").begin_array().begin_object().field("index", 0).field("text", text);
  }

  // Offsets count bytes of the text so far, over all pieces of one answer.
  void write_logprobs(json::Writer& w, const std::vector<wire::PositionLogprobs>& positions) {
    w.key("logprobs");
    if (positions.empty()) {
      w.null();
      return;
    }
    w.begin_object().key("tokens").begin_array();
    for (const auto& position : positions) w.value(position.chosen.bytes);
    w.end_array().key("token_logprobs").begin_array();
    for (const auto& position : positions) w.value(position.chosen.logprob);
    w.end_array().key("top_logprobs").begin_array();
    for (const auto& position : positions) write_top(w, position.top);
    w.end_array().key("text_offset").begin_array();
    for (const auto& position : positions) {
      w.value(offset_);
      offset_ += position.chosen.bytes.size();
    }
    w.end_array().end_object();
  }

  static void write_top(json::Writer& w, const std::vector<wire::TokenLogprob>& top) {
    w.begin_object();
    std::vector<std::string> seen;  // parts of characters may look alike as text
    for (const auto& token : top) {
      const std::string name = json::quote(token.bytes);
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
      seen.push_back(name);
      w.field(token.bytes, token.logprob);
    }
    w.end_object();
  }

  const AnswerHead head_;
  std::uint64_t offset_ = 0;
};

}  // namespace

std::unique_ptr<AnswerShape> completion_answer(AnswerHead head) {
  return std::make_unique<CompletionAnswer>(std::move(head));
}

}  // namespace sanctum::gateway
