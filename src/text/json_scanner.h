// Follows a JSON object or array byte by byte, to know where it ends and when it is broken.
//
// Contract: strict RFC 8259, except that string contents are not checked for UTF-8 (the text comes
// as whole characters). kDone comes with the closing bracket of the root, kBroken with the first
// byte that no JSON text could have there; after either, push() must not be called again.
// Values only, no shared state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sanctum::text {

class JsonScanner {
 public:
  enum class Status { kMore, kDone, kBroken };
  Status push(char c);
  bool in_string() const {
    return expect_ == Expect::kString || expect_ == Expect::kEscape || expect_ == Expect::kHex;
  }

 private:
  enum class Expect {
    kRoot,          // { or [
    kValue,         // any value
    kValueOrClose,  // behind [
    kKeyOrClose,    // behind {
    kKey,           // behind a comma in an object
    kColon,
    kCommaOrClose,
    kString,
    kEscape,
    kHex,      // of \uXXXX
    kLiteral,  // true, false, null
    kNumber,
  };
  enum class Number { kMinus, kZero, kInteger, kPoint, kFraction, kE, kESign, kExponent };

  Status value(char c);
  Status open(char bracket);
  Status close(char bracket);
  Status number(char c);
  Status separator(char c);

  Expect expect_ = Expect::kRoot;
  Number number_ = Number::kMinus;
  bool string_is_key_ = false;
  int hex_left_ = 0;
  std::string_view literal_;  // what is left of it
  std::vector<char> open_;
};

// The raw text of each direct member value of an object, or element of an array, in order. `json`
// must be valid.
std::vector<std::string_view> json_children(std::string_view json);

}  // namespace sanctum::text
