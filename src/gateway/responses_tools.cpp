#include "gateway/responses_tools.h"

#include <algorithm>
#include <array>

#include "gateway/responses_fields.h"
#include "gateway/tool_name.h"

namespace sanctum::gateway {
namespace {

constexpr std::array<std::string_view, 9> kHosted{
    "web_search",       "web_search_preview",   "file_search", "code_interpreter",
    "image_generation", "computer_use_preview", "mcp",         "local_shell",
    "tool_search"};

class Reader {
 public:
  explicit Reader(FieldNotes& notes) : notes_(notes) { w_.begin_array(); }

  void tool(const json::Node& node, const std::string& space) {
    const json::Node type_node = node.at("type");
    const std::string type = type_node.as_string();
    if (type == "function") return function(node, space);
    if (type == "custom") return custom(node, space);
    if (type == "namespace" && space.empty()) {
      check_fields(node, kNamespaceFields, notes_);
      for (const auto& inner : node.at("tools").as_array(wire::kToolsMax))
        tool(inner, tool_name_in(node.at("name")));
      return;
    }
    const bool hosted = std::any_of(kHosted.begin(), kHosted.end(), [&](std::string_view known) {
      return type == known || type.starts_with(std::string(known) + "_20");
    });
    if (!hosted)
      type_node.fail("must be \"function\", \"custom\" or \"namespace\", not \"" + type + "\"");
    notes_.ignore(node, "it would run on OpenAI's machines", type);
  }

  ResponsesTools take() {
    w_.end_array();
    if (!out_.known.empty()) out_.json = w_.take();
    return std::move(out_);
  }

 private:
  std::string add(const json::Node& node, const std::string& space, bool custom) {
    if (out_.known.size() == wire::kToolsMax)
      node.fail("is one tool more than the " + std::to_string(wire::kToolsMax) + " allowed");
    const std::string name = tool_name_in(node.at("name")), flat = flat_name(space, name);
    if (flat.size() > kToolNameBytesMax ||
        !out_.known.emplace(flat, ResponsesTool{name, space, custom}).second)
      node.at("name").fail("is too long with its namespace, or given twice");
    return flat;
  }

  void function(const json::Node& node, const std::string& space) {
    check_fields(node, kFlatFunctionFields, notes_);
    w_.begin_object().field("type", "function").key("function").begin_object();
    w_.field("name", add(node, space, false));
    if (const auto what = node.get("description")) w_.field("description", what->as_string());
    const auto parameters = node.get("parameters");
    if (parameters && !parameters->is_object())
      parameters->fail("must be an object, not " + std::string(parameters->kind()));
    w_.key("parameters").raw(parameters ? parameters->dump() : R"({"type":"object"})");
    if (node.as_bool_or("strict", false)) w_.field("strict", true);
    w_.end_object().end_object();
  }

  void custom(const json::Node& node, const std::string& space) {
    check_fields(node, kCustomToolFields, notes_);
    w_.begin_object().field("type", "function").key("function").begin_object();
    w_.field("name", add(node, space, true));
    if (const auto what = node.get("description")) w_.field("description", what->as_string());
    w_.key("parameters").begin_object().field("type", "object").key("properties").begin_object();
    w_.key("input").begin_object().field("type", "string");
    const std::string pattern = pattern_of(node);
    if (!pattern.empty()) w_.field("pattern", pattern);
    w_.end_object().end_object().key("required").begin_array().value("input").end_array();
    w_.field("additionalProperties", false).end_object();
    if (!pattern.empty()) w_.field("strict", true);
    w_.end_object().end_object();
  }

  // What the text of a custom tool must be, where that is a regular expression; a grammar cannot
  // be enforced inside of a text in JSON, and the description says what is wanted.
  std::string pattern_of(const json::Node& tool) {
    const auto format = tool.get("format");
    if (!format || format->as_string_or("type", "text") == "text") return {};
    const json::Node type = format->at("type");
    if (type.as_string() != "grammar") type.fail("must be \"text\" or \"grammar\"");
    const std::string definition = format->at("definition").as_string();
    if (format->at("syntax").as_string() == "regex") return "^(?:" + definition + ")$";
    notes_.ignore(*format, "only regular expressions are enforced for custom tools");
    return {};
  }

  FieldNotes& notes_;
  json::Writer w_;
  ResponsesTools out_;
};

// The flat name of a tool that an object of tool_choice names.
std::string named(const json::Node& choice, const ResponsesTools& tools) {
  const json::Node name = choice.at("name");
  const std::string flat = flat_name(choice.as_string_or("namespace", ""), name.as_string());
  if (!tools.known.contains(flat)) name.fail("names no tool of this request");
  return flat;
}

void read_choice(const json::Node& root, ResponsesTools& tools) {
  const auto choice = root.get("tool_choice");
  if (!choice) return;
  if (choice->is_string()) {
    const std::string text = choice->as_string();
    if (text != "auto" && text != "none" && text != "required")
      choice->fail("must be \"auto\", \"none\", \"required\", or an object that names tools");
    tools.may_be_called &= text != "none";
    tools.use.required = text == "required";
    if (tools.use.required && tools.known.empty())
      choice->fail(
          "is only allowed with \"tools\" that can be used here: functions and custom ones");
    return;
  }
  const json::Node type = choice->at("type");
  const std::string kind = type.as_string();
  if (kind == "function" || kind == "custom") {
    tools.use.required = true;
    tools.use.names.push_back(named(*choice, tools));
  } else if (kind == "allowed_tools") {
    tools.use.required = choice->as_string_or("mode", "auto") == "required";
    for (const auto& one : choice->at("tools").as_array(wire::kToolsMax))
      tools.use.names.push_back(named(one, tools));
    if (tools.use.names.empty()) choice->at("tools").fail("must not be empty");
  } else {
    type.fail("must be \"function\", \"custom\" or \"allowed_tools\"");
  }
}

}  // namespace

std::string flat_name(const std::string& space, const std::string& name) {
  return space.empty() ? name : space + "__" + name;
}

ResponsesTools read_responses_tools(const json::Node& root, FieldNotes& notes) {
  Reader reader(notes);
  if (const auto tools = root.get("tools"))
    for (const auto& tool : tools->as_array(wire::kToolsMax)) reader.tool(tool, {});
  ResponsesTools out = reader.take();
  out.may_be_called = !out.known.empty();
  read_choice(root, out);
  out.use.parallel = root.as_bool_or("parallel_tool_calls", true);
  return out;
}

}  // namespace sanctum::gateway
