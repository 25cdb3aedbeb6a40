#include "text/mistral_call.h"

#include "text/markers.h"

namespace sanctum::text {
namespace {

constexpr std::string_view kArgs = "[ARGS]";
constexpr std::string_view kCallId = "[CALL_ID]";

// What the head in front of the arguments calls; empty for anything that is no head.
std::string_view called_by(std::string_view head) {
  if (head.ends_with(kArgs)) head.remove_suffix(kArgs.size());
  head = head.substr(0, head.find(kCallId));
  return head.find_first_of("[] \t\r\n") == std::string_view::npos ? head : std::string_view();
}

}  // namespace

std::unique_ptr<CallReader> MistralCall::element(const OfferedTools& tools) {
  return std::make_unique<JsonCall>(tools, true, Behind{" \t\r\n,", "]", true});
}

CallReader::Status MistralCall::push(char c) {
  if (list_) {
    const Status status = list_->push(c);
    begun_ = list_->begun();
    complete_ = list_->complete();
    name_ = list_->name();
    arguments_ += list_->take_arguments();
    return status;
  }
  if (begun()) {
    arguments_ += c;
    complete_ = extent_.push(c);
    return complete_ ? Status::kDone : Status::kMore;
  }
  if (head_.empty() && is_space(c)) return Status::kMore;
  if (head_.empty() && c == '[') {
    list_ = element(tools());
    return Status::kMore;
  }
  if (c == '{') return begin();
  head_ += c;
  return head_.size() > kNameBytesMax || is_space(c) ? Status::kNoCall : Status::kMore;
}

CallReader::Status MistralCall::begin() {
  name_ = called_by(head_);
  if (name_.empty()) return Status::kNoCall;
  begun_ = true;
  arguments_ = "{";
  extent_.push('{');
  return Status::kMore;
}

}  // namespace sanctum::text
