#include "text/gemma_call_rules.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "text/grammar.h"
#include "text/grammar_limits.h"
#include "text/schema_nodes.h"

namespace sanctum::text {
namespace {

constexpr std::size_t kRulesMax = 20'000;  // of all tools together

// What this spelling says of a value.
const std::vector<std::string_view> kSaid{"type",  "properties", "required",
                                          "items", "enum",       "const",
                                          "anyOf", "$ref",       "additionalProperties"};

constexpr const char* kOwnRules =
    "INTEGER: /-?(0|[1-9][0-9]*)/\n"
    "NUMBER: /-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?/\n"
    "TEXT: /(?s:.*)/ & ~/(?s:.*)<\\|\"\\|>(?s:.*)/\n"
    "any: string | NUMBER | \"true\" | \"false\" | \"null\" | any_list | any_object\n"
    "any_list: \"[\" (any (\",\" any)*)? \"]\"\n"
    "any_object: \"{\" (any_member (\",\" any_member)*)? \"}\"\n"
    "any_member: (/[A-Za-z0-9_$.-]+/ | string) \":\" any\n";

class Rules {
 public:
  explicit Rules(const CallRules& rules) : rules_(rules), quote_(rules.mark("<|\"|>")) {}

  std::string all() {
    std::string functions;
    for (const auto& tool : rules_.tools) {
      const json::Document document(tool.schema);
      tool_ = &tool;
      root_ = &document;
      references_.clear();
      const json::Node schema = document.root();
      check_schema(schema);
      functions += (functions.empty() ? "" : " | ") + json::quote("call:" + tool.name) + " " +
                   (schema.has("$ref") ? value(schema) : object(schema));
    }
    return calls_of(rules_, rules_.mark("<|tool_call>"), "") + "call: function " +
           rules_.mark("<tool_call|>") + "\nfunction: " + functions + "\n" + string_rules() +
           kOwnRules + rest_;
  }

 private:
  // A quote that is a token ends a text by itself; one that is a text ends it where it first comes.
  std::string string_rules() const {
    if (quote_.front() != '"') return "string: " + quote_ + " TEXT " + quote_ + "\n";
    return "string: " + quote_ + " quoted\nquoted[lazy]: /(?s:.*)/ " + quote_ + "\n";
  }

  std::string rule(const std::string& body) {
    if (next_ == kRulesMax)
      throw Error(ErrorCode::kInvalid,
                  "the tools' schemas take more than " + std::to_string(kRulesMax) + " rules");
    const std::string name = "g" + std::to_string(next_++);
    if (rest_.size() > kGrammarBytesMax)
      throw Error(ErrorCode::kInvalid, "the tools' schemas make a grammar of more than " +
                                           std::to_string(kGrammarBytesMax) + " bytes");
    rest_ += name + ": " + body + "\n";
    return name;
  }

  void refuse(std::string_view what) const {
    if (!tool_->strict) return rules_.left_out(std::string(what));
    throw Error(ErrorCode::kInvalid,
                "what this model's spelling of calls cannot say: " + std::string(what));
  }

  // The name of a rule, or a rule of kOwnRules.
  std::string value(const json::Node& schema) {
    if (!schema.is_object()) {
      if (!schema.is_bool() || !schema.as_bool()) refuse("a schema that is no object");
      return "any";
    }
    if (const auto reference = schema.get("$ref")) {
      understand(schema, {"$ref"});
      return reference->is_string() ? referred_to(reference->as_string()) : "any";
    }
    if (const auto listed = literals(schema); !listed.empty()) {
      understand(schema, {"enum", "const", "type"});
      return rule(listed);
    }
    for (const char* key : {"anyOf", "oneOf"})
      if (const auto branches = schema.get(key); branches && branches->is_array()) {
        understand(schema, {"anyOf"});
        return either(branches->as_array());
      }
    const auto type = schema.get("type");
    if (!type && schema.has("properties")) return object(schema);
    if (!type || (!type->is_string() && !type->is_array())) {
      understand(schema, {});
      return "any";
    }
    if (type->is_string()) return typed(type->as_string(), schema);
    std::vector<std::string> known;  // "type": ["object", "object", ...] says it once
    std::string all;
    for (const auto& one : type->as_array()) {
      if (!one.is_string() || std::find(known.begin(), known.end(), one.as_string()) != known.end())
        continue;
      known.push_back(one.as_string());
      all += (all.empty() ? "" : " | ") + typed(one.as_string(), schema);
    }
    return all.empty() ? "any" : rule(all);
  }

  void understand(const json::Node& schema, const std::vector<std::string_view>& keys) const {
    if (const auto other = keyword_beyond(schema, keys)) refuse(*other);
  }

  std::string either(const std::vector<json::Node>& branches) {
    std::string all;
    for (const auto& branch : branches) all += (all.empty() ? "" : " | ") + value(branch);
    return all.empty() ? "any" : rule(all);
  }

  std::string typed(const std::string& type, const json::Node& schema) {
    const bool list = type == "array";
    // Of several types each has keywords of its own.
    const bool several = !schema.get("type") || !schema.get("type")->is_string();
    if (type != "object" && !several)
      understand(schema, list ? std::vector<std::string_view>{"type", "items"}
                              : std::vector<std::string_view>{"type"});
    if (several)
      understand(schema, {"type", "items", "properties", "required", "additionalProperties"});
    if (type == "string") return "string";
    if (type == "integer") return "INTEGER";
    if (type == "number") return "NUMBER";
    if (type == "boolean") return rule("\"true\" | \"false\"");
    if (type == "null") return rule("\"null\"");
    if (type == "array") {
      const auto items = schema.get("items");
      const std::string item = items ? value(*items) : "any";
      return rule("\"[\" (" + item + " (\",\" " + item + ")*)? \"]\"");
    }
    if (type == "object") return object(schema);
    refuse("type");
    return "any";
  }

  std::string literals(const json::Node& schema) const {
    std::string all;
    for (const auto& value : listed_values(schema)) {
      const std::string text = value.is_string()
                                   ? quote_ + " " + json::quote(value.as_string()) + " " + quote_
                                   : json::quote(value.dump());
      all += (all.empty() ? "" : " | ") + text;
    }
    return all;
  }

  // A key that holds what would end it stands between quotes (gemma_call.cpp reads both).
  std::string key(const std::string& name) const {
    const auto is_plain = [](char c) {
      const auto letter = static_cast<unsigned char>(c);
      return std::isalnum(letter) != 0 || letter >= 0x80 ||
             std::string_view("_$.-/@").find(c) != std::string_view::npos;
    };
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_plain))
      return json::quote(name + ":");
    return quote_ + " " + json::quote(name) + " " + quote_ + " \":\"";
  }

  // Without a list of its members.
  std::string open_object(const json::Node& schema) {
    const auto others = schema.get("additionalProperties");
    if (others && others->is_bool() && !others->as_bool()) return rule("\"{}\"");
    if (others && others->is_object()) {
      const std::string member = "(/[A-Za-z0-9_$.-]+/ | string) \":\" " + value(*others);
      return rule("\"{\" (" + member + " (\",\" " + member + ")*)? \"}\"");
    }
    return "any_object";
  }

  // A rule for the members from each one on: `first` without a comma before it.
  // In the order in which the family's template writes them.
  static std::vector<std::pair<std::string, json::Node>> sorted(const json::Node& properties) {
    auto members = properties.members();
    const auto lower = [](std::string text) {
      for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return text;
    };
    std::stable_sort(members.begin(), members.end(),
                     [&](const auto& a, const auto& b) { return lower(a.first) < lower(b.first); });
    return members;
  }

  std::string object(const json::Node& schema) {
    understand(schema, {"type", "properties", "required", "additionalProperties", "items"});
    if (const auto missing = unlisted_member(schema)) refuse("required '" + *missing + "'");
    const auto properties = schema.get("properties");
    if (!properties || !properties->is_object()) return open_object(schema);
    const auto members = sorted(*properties);
    std::string first = rule("\"\""), later = first;
    for (auto at = members.rbegin(); at != members.rend(); ++at) {
      const std::string member = key(at->first) + " " + value(at->second);
      const bool optional = !requires_member(schema, at->first);
      const std::string next_first = rule(member + " " + later + (optional ? " | " + first : ""));
      later = rule("\",\" " + member + " " + later + (optional ? " | " + later : ""));
      first = next_first;
    }
    return rule("\"{\" " + first + " \"}\"");
  }

  // One rule however often it is referred to, itself included.
  std::string referred_to(const std::string& path) {
    if (const auto known = references_.find(path); known != references_.end()) return known->second;
    auto there = referred(root_->root(), path);
    if (there) there = resolved(root_->root(), *there);
    if (!there || depth_ == kReferencesFollowedMax) {
      refuse("$ref");
      return "any";
    }
    const std::string name = "r" + std::to_string(next_++);
    references_[path] = name;
    ++depth_;
    rest_ += name + ": " + value(*there) + "\n";
    --depth_;
    return name;
  }

  const CallRules& rules_;
  const std::string quote_;
  const BoundTool* tool_ = nullptr;
  const json::Document* root_ = nullptr;
  std::map<std::string, std::string> references_;  // of the tool, to their rules
  std::string rest_;
  std::size_t next_ = 0;
  int depth_ = 0;  // of references within references
};

}  // namespace

std::string gemma_call_rules(const CallRules& rules) {
  return Rules(rules).all();
}

}  // namespace sanctum::text
