// The one exception type that crosses folders.
//
// Contract: an outside fault (bad input, missing file, lost peer) is an Error with a code that says
// who can act on it, a message that says what to do next and, for bad input, the path of the field
// ("messages[2].content[0].type"). A broken invariant is not an Error: see invariant.h.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace sanctum {

enum class ErrorCode {
  kInvalid,      // the caller's input is wrong; `field` names the part
  kNotFound,     // an unknown model, request or file
  kDenied,       // the system does not let us: the rights of a file
  kTooLong,      // the prompt does not fit the model's context
  kBusy,         // a queue is full: try again later
  kUnavailable,  // nobody can serve this now (engine down, model not ready)
  kDeadline,     // a named limit on waiting ran out
  kCancelled,    // the caller left
  kCorrupt,      // data on disk or on the wire is damaged
  kInternal,     // our own fault
};

// The stable spelling on the wire ("invalid", "not_found", ...).
std::string_view to_string(ErrorCode code);
// The code of a spelling; kInternal for one that is unknown.
ErrorCode error_code(std::string_view spelling);

// May pass by itself: a disk or a system that answers again in a moment.
constexpr bool may_pass(ErrorCode code) {
  return code == ErrorCode::kDeadline || code == ErrorCode::kBusy ||
         code == ErrorCode::kUnavailable;
}

// A person may have mended it meanwhile, or a disk is back: worth another try after a pause, though
// nothing to wait for.
constexpr bool may_be_mended(ErrorCode code) {
  return may_pass(code) || code == ErrorCode::kNotFound || code == ErrorCode::kDenied;
}

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string field = {})
      : std::runtime_error(message), code_(code), field_(std::move(field)) {}
  ErrorCode code() const { return code_; }
  const std::string& field() const { return field_; }

 private:
  ErrorCode code_;
  std::string field_;
};

}  // namespace sanctum
