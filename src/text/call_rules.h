// How a family spells its tool calls, as rules of a grammar (grammar.h): what OutputFormat's row
// reads, its rules allow and nothing else.
//
// Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sanctum::text {

struct BoundTool {
  std::string name;
  std::string schema;   // of its arguments: a JSON object
  bool strict = false;  // what cannot be enforced is refused, not left out
};

struct CallRules {
  std::vector<BoundTool> tools;  // that may be called; one at least
  bool parallel = true;          // several calls, one behind the other
  // A mark as the model writes it: a token of its own, or a text.
  std::function<std::string(std::string_view)> mark;
  // Told what of a tool that is not strict is not said.
  std::function<void(const std::string&)> left_out = [](const std::string&) {};
};

// `%json {...}`, without a client's own orders to llguidance, with little space between its marks,
// and told to leave out what cannot be enforced unless `strict`. Throws Error(kInvalid) for what is
// over grammar_limits.h.
std::string json_of(const std::string& schema, bool strict);
// "a | b" of what `spell` says of each tool.
std::string each_tool(const CallRules& rules,
                      const std::function<std::string(const BoundTool&)>& spell);
// `calls`: `opening` and `opened`, which is all that follows the first of them: one `call`, or
// several with `between` before the next opening. Both in Lark; empty: nothing.
std::string calls_of(const CallRules& rules, const std::string& opening,
                     const std::string& between);

}  // namespace sanctum::text
