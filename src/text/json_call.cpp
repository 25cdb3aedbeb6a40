#include "text/json_call.h"

#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "text/markers.h"

namespace sanctum::text {
namespace {

// What a JSON string says; nothing for any other text.
std::optional<std::string> string_of(const std::string& json) {
  try {
    const json::Document document("[" + json + "]");
    const auto elements = document.root().as_array();
    if (elements.size() != 1 || !elements[0].is_string()) return std::nullopt;
    return elements[0].as_string();
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool is_object(const std::string& json) {
  try {
    return json::Document(json).root().is_object();
  } catch (const Error&) {
    return false;
  }
}

bool names_arguments(std::string_view key) {
  return key == "arguments" || key == "parameters";
}

}  // namespace

bool JsonCall::in_string() const {
  return (at_ == At::kKeyText || at_ == At::kInside) && extent_.in_string();
}

CallReader::Status JsonCall::push(char c) {
  switch (at_) {
    case At::kObject:
      if (is_space(c)) return Status::kMore;
      if (c != '{') return Status::kNoCall;
      level_ = 1;
      at_ = At::kKey;
      return Status::kMore;
    case At::kKey:
      if (is_space(c) || c == ',') return Status::kMore;
      if (c == '}') return end_object();
      if (c != '"') return wrong();
      key_ = c;
      extent_ = {};
      extent_.push(c);
      at_ = At::kKeyText;
      return Status::kMore;
    case At::kKeyText:
      key_ += c;
      if (!extent_.push(c)) return Status::kMore;
      key_ = string_of(key_).value_or("");
      at_ = At::kColon;
      return Status::kMore;
    case At::kColon:
      if (is_space(c)) return Status::kMore;
      if (c != ':') return wrong();
      at_ = At::kValue;
      return Status::kMore;
    case At::kValue:
      return is_space(c) ? Status::kMore : begin_value(c);
    case At::kInside:
      if (streams_) {
        arguments_ += c;
      } else if (!begun()) {
        value_ += c;
      }
      return extent_.push(c) ? end_value() : Status::kMore;
    case At::kScalar:
      if (c != ',' && c != '}' && c != ']' && !is_space(c)) {
        if (!begun()) value_ += c;
        return Status::kMore;
      }
      const Status status = end_value();
      return status == Status::kMore ? push(c) : status;
  }
  return wrong();
}

CallReader::Status JsonCall::begin_value(char c) {
  if (std::string_view(",}]:").find(c) != std::string_view::npos) return wrong();
  if (c == '{' && key_ == "function" && !begun()) {
    ++level_;
    at_ = At::kKey;
    return Status::kMore;
  }
  value_.clear();
  if (names_arguments(key_) && !begun()) {
    if (known_ || std::string_view("{\"n").find(c) == std::string_view::npos)
      return Status::kNoCall;
    streams_ = c == '{' && !name_.empty();
    if (streams_) begun_ = true;
  }
  at_ = std::string_view("{[\"").find(c) != std::string_view::npos ? At::kInside : At::kScalar;
  if (at_ == At::kInside) extent_ = {};
  return push(c);
}

CallReader::Status JsonCall::end_value() {
  at_ = At::kKey;
  if (streams_) {
    streams_ = false;
    complete_ = true;
    return Status::kMore;
  }
  if (begun()) return Status::kMore;
  if (key_ == "name") return end_name();
  return names_arguments(key_) ? end_arguments() : Status::kMore;
}

CallReader::Status JsonCall::end_name() {
  const auto name = string_of(value_);
  if (!name || name->empty() || name->size() > kNameBytesMax || !name_.empty())
    return Status::kNoCall;
  name_ = *name;
  return known_ ? begin() : Status::kMore;
}

CallReader::Status JsonCall::end_arguments() {
  arguments_ = value_;
  if (value_ == "null") arguments_ = "{}";
  if (value_.front() == '"') {
    arguments_ = string_of(value_).value_or("");
    if (!is_object(arguments_)) return Status::kNoCall;
  }
  if (arguments_.front() != '{') return Status::kNoCall;
  known_ = true;
  return name_.empty() ? Status::kMore : begin();
}

CallReader::Status JsonCall::begin() {
  begun_ = true;
  complete_ = true;
  return Status::kMore;
}

CallReader::Status JsonCall::end_object() {
  if (--level_ > 0) return Status::kMore;
  if (!begun()) {
    if (!marked_ || name_.empty()) return Status::kNoCall;
    arguments_ = "{}";
    begin();
  }
  return Status::kDone;
}

}  // namespace sanctum::text
