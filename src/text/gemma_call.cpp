#include "text/gemma_call.h"

#include "text/markers.h"
#include "text/parameter_value.h"

namespace sanctum::text {
namespace {

constexpr std::string_view kQuote = "<|\"|>";
constexpr std::string_view kCall = "call:";

}  // namespace

CallReader::Status GemmaCall::push(char c) {
  if (at_ == At::kHead) return head(c);
  Status status = Status::kMore;
  pending_ += c;
  while (!pending_.empty() && status == Status::kMore) {
    const Match found = match(pending_, kQuote);
    if (found == Match::kPartly) break;
    if (found == Match::kWhole) {
      pending_.clear();
      quote();
    } else {
      const char first = pending_.front();
      pending_.erase(0, 1);
      status = byte(first);
    }
  }
  arguments_ += writer_.take();
  return status;
}

CallReader::Status GemmaCall::head(char c) {
  if (word_.empty() && is_space(c)) return Status::kMore;
  if (c != '{') {
    word_ += c;
    const bool fits = match(word_, kCall) != Match::kNo && word_.size() <= kNameBytesMax;
    return fits && c != '<' ? Status::kMore : Status::kNoCall;
  }
  if (!word_.starts_with(kCall)) return Status::kNoCall;
  const std::string name(trimmed(std::string_view(word_).substr(kCall.size())));
  if (name.empty() || name.find_first_of(kSpace) != std::string::npos) return Status::kNoCall;
  name_ = name;
  word_.clear();
  begun_ = true;
  writer_.open('{');
  arguments_ += writer_.take();
  at_ = At::kKey;
  return Status::kMore;
}

void GemmaCall::quote() {
  if (at_ == At::kString) {
    writer_.end_string();
    at_ = At::kNext;
  } else if (at_ == At::kQuotedKey) {
    at_ = At::kColon;
  } else if (at_ == At::kValue) {
    writer_.begin_string();
    at_ = At::kString;
  } else if (at_ == At::kKey) {
    word_.clear();
    at_ = At::kQuotedKey;
  }
}

CallReader::Status GemmaCall::byte(char c) {
  const bool closes = c == '}' || c == ']';
  switch (at_) {
    case At::kKey:
      if (closes) return bracket();
      if (c == ':') {
        end_key(trimmed(word_));
      } else if (c != ',' && !(word_.empty() && is_space(c))) {
        word_ += c;
      }
      break;
    case At::kQuotedKey:
      word_ += c;
      break;
    case At::kColon:
      if (closes) return bracket();
      if (c == ':') end_key(word_);
      break;
    case At::kValue:
      if (closes) return bracket();
      if (!is_space(c) && c != ',') begin_value(c);
      break;
    case At::kString:
      writer_.string_byte(c);
      break;
    case At::kJsonString:
      if (c == '"' && !escaped_) {
        writer_.end_string();
        at_ = At::kNext;
        break;
      }
      escaped_ = c == '\\' && !escaped_;
      writer_.string_json(c);
      break;
    case At::kWord:
      if (c != ',' && !closes) {
        word_ += c;
        break;
      }
      end_word();
      [[fallthrough]];
    case At::kNext:
      if (closes) return bracket();
      if (c == ',') next();
      break;
    case At::kHead:
      break;
  }
  return Status::kMore;
}

void GemmaCall::begin_value(char c) {
  if (c == '{' || c == '[') {
    writer_.open(c);
    next();
  } else if (c == '"') {
    writer_.begin_string();
    escaped_ = false;
    at_ = At::kJsonString;
  } else {
    word_ = c;
    at_ = At::kWord;
  }
}

CallReader::Status GemmaCall::bracket() {
  word_.clear();
  writer_.close();
  at_ = At::kNext;
  if (writer_.depth() > 0) return Status::kMore;
  complete_ = true;
  return Status::kDone;
}

void GemmaCall::end_key(std::string_view key) {
  // Some are quoted as JSON's.
  if (key.size() >= 2 && key.starts_with('"') && key.ends_with('"'))
    key = key.substr(1, key.size() - 2);
  writer_.key(key);
  word_.clear();
  at_ = At::kValue;
}

void GemmaCall::end_word() {
  // Python's words count: no type is unknown here, strings have their marks.
  writer_.value(parameter_json(kJsonAny & ~kJsonString, word_));
  word_.clear();
}

void GemmaCall::close() {
  if (at_ == At::kWord) end_word();
  writer_.close_all();
  arguments_ += writer_.take();
  complete_ = true;
}

}  // namespace sanctum::text
