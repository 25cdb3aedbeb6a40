#include "text/call_rules.h"

#include "base/json.h"
#include "text/grammar_limits.h"

namespace sanctum::text {
namespace {

// Between two of its marks: without a limit, small models write space for ever.
constexpr const char* kSpaceInJson = " |\n[ \t]{0,40}";

}  // namespace

std::string json_of(const std::string& schema, bool strict) {
  const json::Document document(schema);
  const json::Node root = document.root();
  if (!root.is_object() && schema != "true") return "%json " + schema;
  check_schema(root);
  json::Writer w;
  w.begin_object();
  if (root.is_object())
    for (const auto& [key, value] : root.members())
      if (key != "x-guidance") w.key(key).raw(value.dump());
  w.key("x-guidance").begin_object().field("whitespace_pattern", kSpaceInJson);
  if (!strict) w.field("lenient", true);
  w.end_object().end_object();
  return "%json " + w.take();
}

std::string each_tool(const CallRules& rules,
                      const std::function<std::string(const BoundTool&)>& spell) {
  std::string all;
  for (const auto& tool : rules.tools) all += (all.empty() ? "" : " | ") + spell(tool);
  return all;
}

std::string calls_of(const CallRules& rules, const std::string& opening,
                     const std::string& between) {
  const std::string more = rules.parallel ? " (" + between + " " + opening + " call)*" : "";
  return "calls: " + opening + " opened\nopened: call" + more + "\n";
}

}  // namespace sanctum::text
