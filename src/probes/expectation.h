// What an answer has to be, and whether it is. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/answer.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::probes {

struct Expectation {
  enum class Kind {
    kContains,    // the answer holds `text`, whatever the case of letters
    kEquals,      // the answer is `text`, but for surrounding white space
    kLastNumber,  // the last number of the answer is `number`
    kTool,        // exactly one call, of `text` with `arguments`
  };
  Kind kind = Kind::kContains;
  std::string text;
  double number = 0;
  std::string arguments_json;  // an object; its members are compared, not their spelling
};

// Reads {"contains":"x"}, {"equals":"x"}, {"last_number":5} or {"tool":{"name","arguments"}}.
// Throws Error(kInvalid) naming the member.
Expectation decode_expectation(const json::Node& node);

// "contains \"red\"", "calls get_weather({...})": for people.
std::string described(const Expectation& expectation);
// What came, for people: the text, or the calls.
std::string described(const client::Answer& answer);

bool met(const Expectation& expectation, const client::Answer& answer);

// The last decimal number in `text` ("it is -12." gives -12); nothing where there is none.
std::optional<double> last_number(const std::string& text);
// Whether two texts are the same JSON value: members in any order, 1 equal to 1.0.
bool same_json(const std::string& left, const std::string& right);

}  // namespace sanctum::probes
