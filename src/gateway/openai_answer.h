// What OpenAI's two APIs have in common in their answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "gateway/answer.h"

namespace sanctum::gateway {

// A stream of events without names that ends with [DONE].
class OpenAiAnswer : public AnswerShape {
 public:
  std::string stream_type() const override;
  std::string opening(const wire::Accepted& accepted) override;
  std::string chunk(const wire::RowDelta& row) override;
  std::string closing(const wire::Completed& completed) override;
  std::string failed(const ApiError& error) override;
  std::string quiet(Quiet why) override;
  // An event that adds nothing, with "prompt_progress" as llama.cpp has it.
  std::string progress(const wire::RowDelta& row, int total, std::int64_t since_us) override;

 private:
  // The events' JSON. `opening_event` may be empty; `closing_events` hold usage and timings.
  virtual std::string opening_event() = 0;
  virtual std::string event(const wire::RowDelta& row) = 0;
  virtual std::vector<std::string> closing_events(const wire::Completed& completed) = 0;
};

// Opens an answer or an event: the members that both APIs have before their choices. `id_prefix` is
// the API's own ("chatcmpl-").
json::Writer begin_answer(const AnswerHead& head, std::string_view id_prefix,
                          std::string_view object);
// Opens the one choice.
void begin_choice(json::Writer& w);
// Each closes the choice and the text that begin_answer opened: an event in the stream's midst, its
// last event with a choice (`w` holds the finish reason already), a whole answer.
std::string end_event(json::Writer& w, const AnswerHead& head);
std::string end_last_event(json::Writer& w, const AnswerHead& head,
                           const wire::Completed& completed);
std::string end_whole(json::Writer& w, const wire::Completed& completed);
// The event without choices that include_usage asks for, from what begin_answer opened.
std::string usage_event(json::Writer& w, const wire::Completed& completed);

}  // namespace sanctum::gateway
