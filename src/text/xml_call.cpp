#include "text/xml_call.h"

#include <algorithm>
#include <array>

#include "text/parameter_value.h"

namespace sanctum::text {
namespace {

constexpr std::string_view kFunction = "<function=", kParameter = "<parameter=";
constexpr std::string_view kFunctionEnd = "</function>", kParameterEnd = "</parameter>";
constexpr std::string_view kCallEnd = "</tool_call>";
constexpr std::array<std::string_view, 1> kBefore{kFunction};
constexpr std::array<std::string_view, 2> kInside{kParameter, kFunctionEnd};
constexpr std::array<std::string_view, 3> kBehindValue{kParameter, kFunctionEnd, kCallEnd};
constexpr std::array<std::string_view, 1> kBehindFunction{kCallEnd};

// Whether a value ends where `text` begins: with `end`, whitespace and one of `tags`, which is the
// marker found. kPartly too for a text that is over behind `end`.
Found ends_with_tag(std::string_view text, std::string_view end,
                    std::span<const std::string_view> tags) {
  const Match found = match(text, end);
  if (found != Match::kWhole) return {found, {}};
  text.remove_prefix(end.size());
  const std::size_t gap = leading(text);
  if (gap > kGapBytesMax) return {};
  text.remove_prefix(gap);
  return text.empty() ? Found{Match::kPartly, {}} : match_any(text, tags);
}

std::size_t line_break(std::string_view text) {
  return text.starts_with("\r\n") ? 2 : text.starts_with('\n') ? 1 : 0;
}

Found end_of_value(std::string_view text) {
  if (text == "\r") return {Match::kPartly, {}};
  text.remove_prefix(line_break(text));
  if (text.empty()) return {Match::kPartly, {}};
  const Found found = ends_with_tag(text, kParameterEnd, kBehindValue);
  // One that was forgotten.
  return found.match != Match::kNo ? found : ends_with_tag(text, kFunctionEnd, kBehindFunction);
}

}  // namespace

CallReader::Status XmlCall::push(char c) {
  switch (at_) {
    case At::kTag:
      return tag(c);
    case At::kName:
      return name(c);
    case At::kKey:
      if (c != '>') {
        key_ += c;
        return Status::kMore;
      }
      key_ = trimmed(key_);
      streams_ = tools().types(name_, key_) == kJsonString;
      json_.reset();
      if ((tools().types(name_, key_) & kJsonString) == 0) json_.emplace();
      writer_.key(key_);
      if (streams_) writer_.begin_string();
      take_written();
      value_.clear();
      at_ = At::kValueStart;
      return Status::kMore;
    case At::kValueStart:
      // The line break is the tag's, whether or not the value ends right behind it.
      at_ = At::kValue;
      return c == '\n' ? Status::kMore : value(c);
    case At::kValue:
      return value(c);
  }
  return Status::kMore;
}

// Up to the first parameter: behind a value the next tag is what ended it.
CallReader::Status XmlCall::tag(char c) {
  if (tag_.empty() && is_space(c)) return Status::kMore;
  tag_ += c;
  const std::span<const std::string_view> tags =
      name_.empty() ? std::span<const std::string_view>(kBefore) : kInside;
  const Found found = match_any(tag_, tags);
  if (found.match == Match::kNo) return Status::kNoCall;
  return found.match == Match::kWhole ? end_tag(found.marker) : Status::kMore;
}

CallReader::Status XmlCall::end_tag(std::string_view tag) {
  tag_.clear();
  if (tag == kFunction) {
    at_ = At::kName;
    return Status::kMore;
  }
  begin();
  if (tag == kParameter) {
    key_.clear();
    at_ = At::kKey;
    return Status::kMore;
  }
  close();
  return Status::kDone;
}

CallReader::Status XmlCall::name(char c) {
  if (c != '>') {
    tag_ += c;
    return tag_.size() > kNameBytesMax || c == '<' ? Status::kNoCall : Status::kMore;
  }
  const std::string name(trimmed(tag_));
  if (name.empty()) return Status::kNoCall;
  tag_.clear();
  name_ = name;
  at_ = At::kTag;
  return Status::kMore;
}

CallReader::Status XmlCall::value(char c) {
  tag_ += c;
  while (!tag_.empty()) {
    const Found found = end_of_value(tag_);
    if (found.match == Match::kPartly) break;
    if (found.match == Match::kWhole && !is_spelled()) {
      end_value();
      return end_tag(found.marker);
    }
    value_byte(tag_.front());
    tag_.erase(0, 1);
  }
  take_written();
  return Status::kMore;
}

// Whether what would end the value stands in a string of its JSON, where no control character can.
bool XmlCall::is_spelled() const {
  const auto controls = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  return json_ && json_->in_string() && std::none_of(tag_.begin(), tag_.end(), controls);
}

void XmlCall::value_byte(char c) {
  if (streams_) {
    writer_.string_byte(c);
    return;
  }
  value_ += c;
  if (json_ && json_->push(c) != JsonScanner::Status::kMore) json_.reset();
  if (value_.size() <= kValueBytesMax) return;
  streams_ = true;
  json_.reset();
  writer_.begin_string();
  for (const char held : value_) writer_.string_byte(held);
  value_.clear();
}

void XmlCall::end_value() {
  streams_ ? writer_.end_string()
           : writer_.value(parameter_json(tools().types(name_, key_), value_));
  take_written();
  at_ = At::kTag;
}

void XmlCall::begin() {
  if (begun()) return;
  begun_ = true;
  writer_.open('{');
  take_written();
}

void XmlCall::close() {
  if (at_ >= At::kValueStart) end_value();
  writer_.close_all();
  take_written();
  complete_ = true;
}

// A value whose end was seen is whole; of another what is out stays.
void XmlCall::cut() {
  if (at_ != At::kValue) return;
  if (is_spelled()) return;
  std::string_view rest = tag_;
  rest.remove_prefix(line_break(rest));
  const bool function = rest.starts_with(kFunctionEnd);
  if (function || rest.starts_with(kParameterEnd)) end_value();
  if (function) close();
}

}  // namespace sanctum::text
