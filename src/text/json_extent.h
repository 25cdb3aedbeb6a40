// Where a JSON object, array or string ends, whatever is wrong inside of it.
//
// For a call's arguments, which go to the client as the model wrote them: a raw line break or a
// stray escape in a string, a comma too many or a single-quoted word don't hide their end. Of valid
// JSON it is the end. Values only.
#pragma once

namespace sanctum::text {

class JsonExtent {
 public:
  // The first byte is { or [ or ". Whether this byte was the value's last; none may follow it.
  bool push(char c) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        return depth_ == 0;
      }
      return false;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') --depth_;
    return depth_ <= 0 && !in_string_;
  }
  bool in_string() const { return in_string_; }

 private:
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace sanctum::text
