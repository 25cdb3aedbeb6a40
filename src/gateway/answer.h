// How an answer is spelled by one of the public APIs.
//
// A shape turns rows into JSON texts; it knows nothing of HTTP or SSE. Thread rule: values, used on
// one strand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "gateway/api_request.h"
#include "wire/messages.h"

namespace sanctum::gateway {

// The same in every answer of a request.
struct AnswerHead {
  std::string id;
  std::string model;
  std::int64_t created_unix_s = 0;
  bool include_usage = false;
};

class AnswerShape {
 public:
  virtual ~AnswerShape() = default;
  // The events of a stream. `opening` may be none; `closing` holds usage and timings.
  virtual std::vector<std::string> opening() = 0;
  virtual std::string chunk(const wire::RowDelta& row) = 0;
  virtual std::vector<std::string> closing(const wire::Completed& completed) = 0;
  // The answer in one piece, from everything that was produced.
  virtual std::string whole(const wire::RowDelta& all, const wire::Completed& completed) = 0;
};

std::unique_ptr<AnswerShape> chat_answer(AnswerHead head);
std::unique_ptr<AnswerShape> completion_answer(AnswerHead head);

// Appends `row` to `all`; pieces of one tool call's arguments are joined.
void merge(wire::RowDelta& all, const wire::RowDelta& row);
// A measure of what a row holds, for limits.
std::size_t bytes_of(const wire::RowDelta& row);

// --- shared by the shapes ----------------------------------------------------------------------

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
