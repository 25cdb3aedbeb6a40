#include "text/xml_call_rules.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/joined.h"
#include "base/json.h"
#include "text/grammar.h"
#include "text/grammar_limits.h"
#include "text/markers.h"
#include "text/schema_nodes.h"

namespace sanctum::text {
namespace {

// A value ends as xml_call.cpp reads its end, with the tag that follows: no text holds what would
// be read as one, and any may speak of the tag alone.
constexpr const char* kOwnRules =
    "CLOSE: /\\n?<\\/parameter>\\n/\n"
    "VALUE: /(?s:.*)/ & ~/(?s:.*)<\\/parameter>[ "
    "\\t\\r\\n]*<(parameter=|\\/function>|\\/tool_call>)"
    "(?s:.*)/ & ~/(?s:.*)<\\/function>[ \\t\\r\\n]*<\\/tool_call>(?s:.*)/\n"
    "text_more[lazy]: VALUE CLOSE \"<parameter=\"\n"
    "text_end[lazy]: VALUE CLOSE \"</function>\"\n";

// What a parameter may be: these words, any text, what a rule says.
struct Choice {
  std::vector<std::string> rules;
  std::set<std::string> followed;  // references: one says the same again
  bool text = false;
  bool json = false;  // a value that is more than one word
};

struct Parameter {
  std::string key;
  bool required = false;
  std::string value;  // a rule's name; empty: any text
};

constexpr std::size_t kAnyOrderMax = 4;  // optional ones, with as many rules as they have subsets
constexpr std::size_t kWaysMax = 8192;   // to go on in all tools' calls, in any order

class Rules {
 public:
  explicit Rules(const CallRules& rules) : rules_(rules) {}

  std::string all() {
    std::string functions;
    for (std::size_t i = 0; i < rules_.tools.size(); ++i) {
      functions += (i > 0 ? " | f" : "f") + std::to_string(i);
      function(rules_.tools[i], "f" + std::to_string(i));
    }
    return calls_of(rules_, rules_.mark("<tool_call>"), "\"\\n\"") +
           "call: \"\\n\" function \"\\n\" " + rules_.mark("</tool_call>") +
           "\nfunction: " + functions + "\n" + rest_ + kOwnRules;
  }

 private:
  void function(const BoundTool& tool, const std::string& name) {
    const json::Document document(tool.schema);
    tool_ = &tool;
    const json::Node root = document.root();
    check_schema(root);
    const auto schema = resolved(root, root);
    if (!schema) refuse("$ref");
    std::string ways = "\"</function>\"";
    if (schema) {
      understand(*schema, {"type", "properties", "required", "additionalProperties"});
      if (const auto missing = unlisted_member(*schema)) refuse("required '" + *missing + "'");
      const auto properties = schema->get("properties");
      ways = properties && properties->is_object()
                 ? parameters(name, said_of(name, root, *schema, *properties))
                 : without_list(*schema);
    }
    rest_ += name + ": " + json::quote("<function=" + tool.name + ">\n") + " ( " + ways + " )\n";
  }

  std::vector<Parameter> said_of(const std::string& name, const json::Node& root,
                                 const json::Node& schema, const json::Node& properties) {
    std::vector<Parameter> all;
    for (const auto& [key, value] : properties.members())
      if (is_plain(key))
        all.push_back({key, requires_member(schema, key),
                       value_rule(name + "_v" + std::to_string(all.size()), root, value)});
      else
        refuse("the parameter '" + key + "'");
    return all;
  }

  // The tag behind a value says whether another follows. A strict call's come in the schema's
  // order. Of another's the required ones do, and between them the optional ones as they like, if
  // they are few: a model that named one late would have to leave it out. Each comes once.
  std::string parameters(const std::string& name, const std::vector<Parameter>& all) {
    if (all.empty()) return "\"</function>\"";
    std::vector<const Parameter*> required, optional;
    for (const auto& one : all) (one.required ? required : optional).push_back(&one);
    const std::size_t ways =
        ((required.size() + 1) << std::min(optional.size(), kAnyOrderMax)) * (optional.size() + 1);
    const bool any_order = !tool_->strict && optional.size() <= kAnyOrderMax && ways <= ways_left_;
    if (any_order) {
      ways_left_ -= ways;
      in_any_order(name, required, optional);
    } else {
      in_order(name, all);
    }
    return "\"<parameter=\" " + name + "_m0" + (required.empty() ? " | \"</function>\"" : "");
  }

  // NAME_mI: behind "<parameter=", those from the I-th on of which one may come.
  void in_order(const std::string& name, const std::vector<Parameter>& all) {
    bool may_end = true;  // behind the I-th
    for (std::size_t i = all.size(); i-- > 0;) {
      const bool last = i + 1 == all.size();
      const std::string next = last ? "" : name + "_m" + std::to_string(i + 1);
      add_rule(name + "_m" + std::to_string(i),
               with_value(all[i], next, may_end) + (all[i].required || last ? "" : " | " + next));
      may_end = may_end && !all[i].required;
    }
  }

  // NAME_mI: behind "<parameter=", some of the required ones and a set of the optional ones, those
  // of which one may come.
  void in_any_order(const std::string& name, const std::vector<const Parameter*>& required,
                    const std::vector<const Parameter*>& optional) {
    const std::size_t sets = std::size_t{1} << optional.size();
    const std::size_t last = (required.size() + 1) * sets - 1;  // behind which nothing may come
    for (std::size_t at = 0; at < last; ++at) {
      const std::size_t done = at / sets, set = at % sets;
      std::string ways;
      const auto add = [&](const Parameter& one, std::size_t then) {
        const std::string next = then == last ? "" : name + "_m" + std::to_string(then);
        ways += (ways.empty() ? "" : " | ") + with_value(one, next, then / sets == required.size());
      };
      if (done < required.size()) add(*required[done], at + sets);
      for (std::size_t i = 0; i < optional.size(); ++i)
        if ((set >> i & 1u) == 0) add(*optional[i], at + (std::size_t{1} << i));
      add_rule(name + "_m" + std::to_string(at), ways);
    }
  }

  void add_rule(const std::string& name, const std::string& ways) {
    if (rest_.size() + ways.size() > kGrammarBytesMax) too_large();
    rest_ += name + ": " + ways + "\n";
  }

  static bool is_plain(const std::string& key) {
    return key.find_first_of(">\n") == std::string::npos && trimmed(key) == key && !key.empty();
  }

  std::string without_list(const json::Node& schema) {
    std::string end = "\"</function>\"";
    const auto others = schema.get("additionalProperties");
    if (others && others->is_bool() && !others->as_bool()) return end;
    if (others && others->is_object()) refuse("additionalProperties");
    if (!has_any_) rest_ += "any_m: /[^>\\n]+/ \">\\n\" ( text_more any_m | text_end )\n";
    has_any_ = true;
    return "\"<parameter=\" any_m | " + end;
  }

  // The name of a rule that says it; empty for any text.
  std::string value_rule(const std::string& name, const json::Node& root,
                         const json::Node& schema) {
    Choice choice;
    gather(root, schema, choice, 0);
    if (choice.text && choice.json) refuse("a text, or a list or an object");
    if (!choice.text && choice.rules.empty()) refuse("$ref");
    if (choice.text || choice.rules.empty()) return {};
    add_rule(name, joined(choice.rules, " | "));
    return name;
  }

  // It and its value, what closes that, and either `next` or the end of the call.
  static std::string with_value(const Parameter& one, const std::string& next, bool may_end) {
    const auto either = [&](const std::string& more, const std::string& end) {
      std::string ways = next.empty() ? "" : more + " " + next;
      if (may_end) ways += (ways.empty() ? "" : " | ") + end;
      return "( " + ways + " )";
    };
    return json::quote(one.key + ">\n") + " " +
           (one.value.empty()
                ? either("text_more", "text_end")
                : one.value + " CLOSE " + either("\"<parameter=\"", "\"</function>\""));
  }

  void gather(const json::Node& root, const json::Node& schema, Choice& choice, int depth) {
    if (!schema.is_object()) {
      if (schema.is_bool() && schema.as_bool())
        choice.text = true;
      else
        anything(choice, "a schema that is no object");
      return;
    }
    if (schema.has("$ref")) {
      understand(schema, {"$ref"});
      const auto reference = schema.get("$ref");
      if (reference && reference->is_string() &&
          !choice.followed.insert(reference->as_string()).second)
        return;
      const auto there = resolved(root, schema);
      if (!there || depth > kReferencesFollowedMax) return anything(choice, "$ref");
      return gather(root, *there, choice, depth + 1);
    }
    if (const auto values = listed_values(schema); !values.empty()) {
      understand(schema, {"enum", "const", "type"});
      for (const auto& value : values)
        choice.rules.push_back(json::quote(value.is_string() ? value.as_string() : value.dump()));
      return;
    }
    const auto types = types_of(schema);
    if (types.empty()) return gather_branches(root, schema, choice, depth);
    bool text = false;
    for (const auto& type : types) {
      text = text || type == "string";
      choice.json = choice.json || type == "array" || type == "object";
    }
    choice.text = choice.text || text;
    // As JSON a text's bounds would be enforced; here it is bare.
    if (text)
      understand(schema, {"type"});
    else
      choice.rules.push_back(json_of(with_definitions(root, schema), tool_->strict));
  }

  void gather_branches(const json::Node& root, const json::Node& schema, Choice& choice,
                       int depth) {
    for (const char* key : {"anyOf", "oneOf", "allOf"}) {
      const auto branches = schema.get(key);
      if (!branches || !branches->is_array()) continue;
      const auto all = branches->as_array();
      const std::string_view name = key;
      // One part alone is what it says; more would all have to hold, and "oneOf" one alone.
      const bool said = name == "anyOf" || all.size() == 1;
      if (!said) refuse(key);
      if (!said && name == "allOf") break;
      understand(schema, {key});
      if (depth > kReferencesFollowedMax) break;
      for (const auto& branch : all) gather(root, branch, choice, depth + 1);
      return;
    }
    understand(schema, {"allOf"});
    choice.text = true;
  }

  static std::vector<std::string> types_of(const json::Node& schema) {
    const auto type = schema.get("type");
    std::vector<std::string> all;
    if (type && type->is_string()) all.push_back(type->as_string());
    if (type && type->is_array())
      for (const auto& one : type->as_array())
        if (one.is_string()) all.push_back(one.as_string());
    return all;
  }

  void anything(Choice& choice, const std::string& what) const {
    refuse(what);
    choice.text = true;
  }

  // A parameter's schema may refer to its tool's definitions, and to anything else of it.
  static std::string with_definitions(const json::Node& root, const json::Node& schema) {
    json::Writer w;
    w.begin_object();
    for (const auto& [key, value] : schema.members()) w.key(key).raw(value.dump());
    const bool refers = schema.dump().find("\"$ref\"") != std::string::npos;
    for (const char* key : {"$defs", "definitions"})
      if (const auto definitions = root.get(key); refers && definitions && !schema.has(key))
        w.key(key).raw(definitions->dump());
    w.end_object();
    return w.take();
  }

  [[noreturn]] static void too_large() {
    throw Error(ErrorCode::kInvalid, "the tools' schemas make a grammar of more than " +
                                         std::to_string(kGrammarBytesMax) + " bytes");
  }

  void understand(const json::Node& schema, const std::vector<std::string_view>& keys) const {
    if (const auto other = keyword_beyond(schema, keys)) refuse(*other);
  }

  void refuse(const std::string& what) const {
    if (!tool_->strict) return rules_.left_out(what);
    throw Error(ErrorCode::kInvalid, "what this model's spelling of calls cannot say: " + what);
  }

  const CallRules& rules_;
  const BoundTool* tool_ = nullptr;
  std::string rest_;
  std::size_t ways_left_ = kWaysMax;
  bool has_any_ = false;
};

}  // namespace

std::string xml_call_rules(const CallRules& rules) {
  return Rules(rules).all();
}

}  // namespace sanctum::text
