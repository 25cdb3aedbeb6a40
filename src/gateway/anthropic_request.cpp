#include "gateway/anthropic_request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "gateway/answer_structure.h"
#include "gateway/anthropic_fields.h"
#include "gateway/anthropic_turns.h"
#include "gateway/tool_name.h"
#include "wire/sampling.h"

namespace sanctum::gateway {
namespace {

// What Anthropic's own machines run; nobody here does.
constexpr std::array<std::string_view, 6> kHosted{
    "web_search_", "web_fetch_", "code_execution_", "tool_search_tool", "mcp_toolset", "advisor_"};

bool is_hosted(const std::string& type) {
  return std::any_of(kHosted.begin(), kHosted.end(),
                     [&](std::string_view prefix) { return type.starts_with(prefix); });
}

// As OpenAI's, which chat templates are written for. Whether it is one of the client's.
bool write_tool(json::Writer& w, const json::Node& tool, FieldNotes& notes) {
  const auto type = tool.get("type");
  if (type && is_hosted(type->as_string())) {
    notes.ignore(tool, "it would run on Anthropic's machines", type->as_string());
    return false;
  }
  if (type && type->as_string() != "custom")
    type->fail("must be \"custom\": what " + type->as_string() +
               " takes is not known here; describe it with an input_schema");
  check_fields(tool, kClientToolFields, notes);
  w.begin_object().field("type", "function").key("function").begin_object();
  w.field("name", tool_name_in(tool.at("name")));
  if (const auto what = tool.get("description")) w.field("description", what->as_string());
  const json::Node schema = tool.at("input_schema");
  if (!schema.is_object()) schema.fail("must be an object, not " + std::string(schema.kind()));
  w.key("parameters").raw(schema.dump());
  if (tool.as_bool_or("strict", false)) w.field("strict", true);
  w.end_object().end_object();
  return true;
}

// Nothing where no tool may be used.
std::optional<wire::ToolUse> read_tool_choice(const json::Node& root,
                                              const std::vector<std::string>& offered,
                                              FieldNotes& notes) {
  const auto choice = root.get("tool_choice");
  if (!choice) return wire::ToolUse{};
  check_fields(*choice, kClientToolChoiceFields, notes);
  const json::Node type = choice->at("type");
  const std::string how = type.as_string();
  if (how == "none") return std::nullopt;
  wire::ToolUse use;
  use.parallel = !choice->as_bool_or("disable_parallel_tool_use", false);
  use.required = how != "auto";
  if (use.required && offered.empty())
    choice->fail("is only allowed with \"tools\" that can be used here");
  if (how == "tool") {
    const json::Node name = choice->at("name");
    if (std::find(offered.begin(), offered.end(), name.as_string()) == offered.end())
      name.fail("names no tool of this request");
    use.names.push_back(name.as_string());
  } else if (how != "auto" && how != "any") {
    type.fail("must be \"auto\", \"any\", \"tool\" or \"none\"");
  }
  return use;
}

void read_tools(const json::Node& root, wire::GenerateRequest& out, FieldNotes& notes) {
  const auto tools = root.get("tools");
  json::Writer w;
  std::vector<std::string> offered;
  w.begin_array();
  if (tools)
    for (const auto& tool : tools->as_array(wire::kToolsMax))
      if (write_tool(w, tool, notes)) offered.push_back(tool.at("name").as_string());
  w.end_array();
  const auto use = read_tool_choice(root, offered, notes);
  if (!use || offered.empty()) return;
  out.tool_use = *use;
  out.tools_json = w.take();
  out.parse_tool_calls = true;
}

// What Anthropic has for the two variables that templates know.
std::string template_options(const json::Node& root, wire::GenerateRequest& out,
                             FieldNotes& notes) {
  json::Writer w;
  w.begin_object();
  bool thinks = false;  // as at Anthropic: whoever does not ask for thoughts gets none
  if (const auto thinking = root.get("thinking")) {
    check_fields(*thinking, kThinkingFields, notes);
    const json::Node type = thinking->at("type");
    const std::string how = type.as_string();
    if (how != "enabled" && how != "disabled" && how != "adaptive")
      type.fail("must be \"enabled\", \"disabled\" or \"adaptive\"");
    thinks = how != "disabled";
    if (const auto budget = thinking->get("budget_tokens"))
      out.thought_tokens_max = static_cast<int>(budget->as_int(0, wire::kMaxTokensMax));
  }
  w.field("enable_thinking", thinks);
  if (const auto config = root.get("output_config")) {
    if (const auto effort = config->get("effort")) w.field("reasoning_effort", effort->as_string());
  }
  w.end_object();
  return w.take();
}

wire::Structure structure(const json::Node& root, FieldNotes& notes) {
  if (const auto config = root.get("output_config")) {
    check_fields(*config, kOutputConfigFields, notes);
    if (const auto format = config->get("format")) return read_schema_format(*format);
  }
  if (const auto format = root.get("output_format")) return read_schema_format(*format);
  return {};
}

}  // namespace

std::string messages_field(const std::string& engine_field) {
  if (engine_field == "structure") return "output_config.format";
  if (engine_field == "template_options") return "thinking";
  if (engine_field == "sampling.stop") return "stop_sequences";
  return public_field(engine_field);
}

ApiRequest decode_messages_request(const json::Node& root, FieldNotes& notes) {
  ApiRequest request = decode_count_request(root, notes);
  request.generate.sampling.max_tokens =
      static_cast<int>(root.at("max_tokens").as_int(1, wire::kMaxTokensMax));
  return request;
}

ApiRequest decode_count_request(const json::Node& root, FieldNotes& notes) {
  check_fields(root, kMessagesRequestFields, notes);
  ApiRequest request = decode_common(root);
  wire::GenerateRequest& generate = request.generate;
  if (const auto stop = root.get("stop_sequences"))
    generate.sampling.stop = wire::stop_strings_in(*stop);
  read_tools(root, generate, notes);
  generate.template_options_json = template_options(root, generate, notes);
  generate.structure = structure(root, notes);
  ChatMessages messages = decode_turns(root, notes);
  generate.messages_json = std::move(messages.json);
  generate.images = std::move(messages.images);
  return request;
}

}  // namespace sanctum::gateway
