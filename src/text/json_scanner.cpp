#include "text/json_scanner.h"

#include "base/json.h"

namespace sanctum::text {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

JsonScanner::Status JsonScanner::push(char c) {
  switch (expect_) {
    case Expect::kString:
      if (c == '\\')
        expect_ = Expect::kEscape;
      else if (c == '"')
        expect_ = string_is_key_ ? Expect::kColon : Expect::kCommaOrClose;
      else if (static_cast<unsigned char>(c) < 0x20)
        return Status::kBroken;
      return Status::kMore;
    case Expect::kEscape:
      if (std::string_view("\"\\/bfnrtu").find(c) == std::string_view::npos) return Status::kBroken;
      expect_ = c == 'u' ? Expect::kHex : Expect::kString;
      hex_left_ = 4;
      return Status::kMore;
    case Expect::kHex:
      if (!is_hex(c)) return Status::kBroken;
      if (--hex_left_ == 0) expect_ = Expect::kString;
      return Status::kMore;
    case Expect::kLiteral:
      if (c != literal_.front()) return Status::kBroken;
      literal_.remove_prefix(1);
      if (literal_.empty()) expect_ = Expect::kCommaOrClose;
      return Status::kMore;
    case Expect::kNumber:
      return number(c);
    default:
      break;
  }
  if (is_space(c)) return Status::kMore;
  switch (expect_) {
    case Expect::kRoot:
      return c == '{' || c == '[' ? open(c) : Status::kBroken;
    case Expect::kValueOrClose:
      return c == ']' ? close(c) : value(c);
    case Expect::kValue:
      return value(c);
    case Expect::kKeyOrClose:
      if (c == '}') return close(c);
      [[fallthrough]];
    case Expect::kKey:
      if (c != '"') return Status::kBroken;
      expect_ = Expect::kString;
      string_is_key_ = true;
      return Status::kMore;
    case Expect::kColon:
      expect_ = Expect::kValue;
      return c == ':' ? Status::kMore : Status::kBroken;
    default:
      return separator(c);
  }
}

JsonScanner::Status JsonScanner::value(char c) {
  switch (c) {
    case '{':
    case '[':
      return open(c);
    case '"':
      expect_ = Expect::kString;
      string_is_key_ = false;
      return Status::kMore;
    case 't':
      literal_ = "rue";
      break;
    case 'f':
      literal_ = "alse";
      break;
    case 'n':
      literal_ = "ull";
      break;
    default:
      if (c != '-' && !is_digit(c)) return Status::kBroken;
      expect_ = Expect::kNumber;
      number_ = c == '-' ? Number::kMinus : c == '0' ? Number::kZero : Number::kInteger;
      return Status::kMore;
  }
  expect_ = Expect::kLiteral;
  return Status::kMore;
}

JsonScanner::Status JsonScanner::number(char c) {
  const bool digit = is_digit(c);
  switch (number_) {
    case Number::kMinus:
      if (!digit) return Status::kBroken;
      number_ = c == '0' ? Number::kZero : Number::kInteger;
      return Status::kMore;
    case Number::kInteger:
      if (digit) return Status::kMore;
      [[fallthrough]];
    case Number::kZero:
      if (c == '.')
        number_ = Number::kPoint;
      else if (c == 'e' || c == 'E')
        number_ = Number::kE;
      else
        return separator(c);
      return Status::kMore;
    case Number::kPoint:
      if (!digit) return Status::kBroken;
      number_ = Number::kFraction;
      return Status::kMore;
    case Number::kFraction:
      if (digit) return Status::kMore;
      if (c != 'e' && c != 'E') return separator(c);
      number_ = Number::kE;
      return Status::kMore;
    case Number::kE:
      if (!digit && c != '+' && c != '-') return Status::kBroken;
      number_ = digit ? Number::kExponent : Number::kESign;
      return Status::kMore;
    case Number::kESign:
      if (!digit) return Status::kBroken;
      number_ = Number::kExponent;
      return Status::kMore;
    case Number::kExponent:
      return digit ? Status::kMore : separator(c);
  }
  return Status::kBroken;
}

// What may stand behind a value.
JsonScanner::Status JsonScanner::separator(char c) {
  expect_ = Expect::kCommaOrClose;
  if (is_space(c)) return Status::kMore;
  if (c != ',') return c == '}' || c == ']' ? close(c) : Status::kBroken;
  expect_ = open_.back() == '{' ? Expect::kKey : Expect::kValue;
  return Status::kMore;
}

JsonScanner::Status JsonScanner::open(char bracket) {
  if (open_.size() == json::kDepthMax) return Status::kBroken;
  open_.push_back(bracket);
  expect_ = bracket == '{' ? Expect::kKeyOrClose : Expect::kValueOrClose;
  return Status::kMore;
}

JsonScanner::Status JsonScanner::close(char bracket) {
  if (open_.back() != (bracket == '}' ? '{' : '[')) return Status::kBroken;
  open_.pop_back();
  expect_ = Expect::kCommaOrClose;
  return open_.empty() ? Status::kDone : Status::kMore;
}

std::vector<std::string_view> json_children(std::string_view json) {
  std::vector<std::string_view> children;
  const std::size_t first = json.find_first_of("{[");
  if (first == std::string_view::npos) return children;
  const bool object = json[first] == '{';
  std::size_t begin = first + 1;
  int depth = 0;
  bool in_string = false;
  const auto add = [&](std::size_t end) {
    while (begin < end && is_space(json[begin])) ++begin;
    while (end > begin && is_space(json[end - 1])) --end;
    if (end > begin) children.push_back(json.substr(begin, end - begin));
  };
  for (std::size_t i = first + 1; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (depth == 0 && c == ':' && object) {
      begin = i + 1;
    } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
      add(i);
      if (c != ',') break;
      begin = i + 1;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return children;
}

}  // namespace sanctum::text
