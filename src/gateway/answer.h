// How an answer is spelled by one of the public APIs.
//
// A shape turns rows into the bytes of a body; it knows nothing of HTTP. Thread rule: values, used
// on one strand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/http_message.h"
#include "wire/messages.h"

namespace sanctum::gateway {

// The same in every answer of a request.
struct AnswerHead {
  std::string id;
  std::string model;
  std::int64_t created_unix_s = 0;
  bool include_usage = false;
};

// Why a stream that goes on has nothing to say at the moment.
enum class Quiet { kGenerating, kNoEngine, kEngineRestarts };

class AnswerShape {
 public:
  virtual ~AnswerShape() = default;
  // The bytes of a stream, framing and all. Its end is either `closing` or `failed`.
  virtual std::string stream_type() const = 0;
  virtual std::string opening() = 0;
  virtual std::string chunk(const wire::RowDelta& row) = 0;
  virtual std::string closing(const wire::Completed& completed) = 0;
  virtual std::string failed(const ApiError& error) = 0;
  // So that proxies and clients wait; may be empty.
  virtual std::string quiet(Quiet why) = 0;
  // The answer in one piece, from everything that was produced.
  virtual std::string whole(const wire::RowDelta& all, const wire::Completed& completed) = 0;
};

// Appends `row` to `all`; pieces of one tool call's arguments are joined.
void merge(wire::RowDelta& all, const wire::RowDelta& row);
// A measure of what a row holds, for limits.
std::size_t bytes_of(const wire::RowDelta& row);

}  // namespace sanctum::gateway
