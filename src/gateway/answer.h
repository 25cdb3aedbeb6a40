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

void write_usage(json::Writer& w, const wire::Usage& usage);
void write_timings(json::Writer& w, const wire::Completed& completed);

}  // namespace sanctum::gateway
