// How an answer is spelled by one of the public APIs.
//
// A shape turns rows into the bytes of a body; it knows nothing of HTTP. Thread rule: values, used
// on one strand.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/answer_store.h"
#include "gateway/http_message.h"
#include "gateway/seal.h"
#include "wire/messages.h"

namespace sanctum::gateway {

// The same in every answer of a request.
struct AnswerHead {
  std::string id;
  std::string model;
  std::int64_t created_unix_s = 0;
  bool include_usage = false;
  std::string echo = {};       // ApiRequest::echo
  const Seal* seal = nullptr;  // for what a client carries for us
};

// Why a stream that goes on has nothing to say at the moment.
enum class Quiet { kGenerating, kNoEngine, kEngineRestarts };

class AnswerShape {
 public:
  virtual ~AnswerShape() = default;
  // The bytes of a stream, framing and all. Its end is either `closing` or `failed`.
  virtual std::string stream_type() const = 0;
  virtual std::string opening(const wire::Accepted& accepted) = 0;
  virtual std::string chunk(const wire::RowDelta& row) = 0;
  virtual std::string closing(const wire::Completed& completed) = 0;
  // Of a prompt of `total` tokens that is computed still; may be empty.
  virtual std::string progress(const wire::RowDelta& row, int total, std::int64_t since_us);
  virtual std::string failed(const ApiError& error) = 0;
  // So that proxies and clients wait; may be empty.
  virtual std::string quiet(Quiet why) = 0;
  // The answer in one piece, from everything that was produced.
  virtual std::string whole(const wire::RowDelta& all, const wire::Completed& completed) = 0;
  // What the request wants to be kept of its answer, which is over; asked before `closing` or
  // `whole`, which tell whether it was. `all`: of an answer in one piece, everything.
  virtual std::optional<KeptAnswer> to_keep(const wire::RowDelta& all,
                                            const wire::Completed& completed);
  virtual void was_kept() {}
};

// Appends `row` to `all`; pieces of one tool call's arguments are joined.
void merge(wire::RowDelta& all, const wire::RowDelta& row);
// A measure of what a row holds, for limits.
std::size_t bytes_of(const wire::RowDelta& row);

}  // namespace sanctum::gateway
