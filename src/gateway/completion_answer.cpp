// text_completion, whole and in pieces.
#include <algorithm>

#include "gateway/dialect.h"
#include "gateway/openai_answer.h"
#include "gateway/openai_error.h"

namespace sanctum::gateway {
namespace {

class CompletionAnswer : public OpenAiAnswer {
 public:
  explicit CompletionAnswer(AnswerHead head) : head_(std::move(head)) {}

  std::string opening_event() override { return {}; }

  std::string event(const wire::RowDelta& row) override {
    json::Writer w = begin();
    begin_choice(w);
    w.field("text", row.content);
    write_logprobs(w, row.logprobs);
    w.key("finish_reason").null();
    return end_event(w, head_);
  }

  std::vector<std::string> closing_events(const wire::Completed& completed) override {
    json::Writer last = begin();
    begin_choice(last);
    last.field("text", "").key("logprobs").null();
    last.field("finish_reason", to_string(completed.finish_reason));
    std::vector<std::string> events{end_last_event(last, head_, completed)};
    if (head_.include_usage) {
      json::Writer usage = begin();
      events.push_back(usage_event(usage, completed));
    }
    return events;
  }

  std::string whole(const wire::RowDelta& all, const wire::Completed& completed) override {
    json::Writer w = begin();
    begin_choice(w);
    w.field("text", all.content);
    write_logprobs(w, all.logprobs);
    w.field("finish_reason", to_string(completed.finish_reason));
    return end_whole(w, completed);
  }

 private:
  json::Writer begin() const { return begin_answer(head_, "cmpl-", "text_completion"); }

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

std::unique_ptr<AnswerShape> completion_answer(AnswerHead head) {
  return std::make_unique<CompletionAnswer>(std::move(head));
}

}  // namespace

const Dialect kCompletionDialect{"completions",
                                 [](const json::Node& body, Decoding& with) {
                                   return decode_completion_request(body, with.notes);
                                 },
                                 completion_answer, openai_error, public_field};

}  // namespace sanctum::gateway
