// POST /v1/chat/completions, but for its messages (chat_messages.cpp).
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "gateway/api_request.h"
#include "gateway/chat_messages.h"
#include "gateway/openai_fields.h"
#include "gateway/tool_name.h"
#include "wire/sampling.h"

namespace sanctum::gateway {
namespace {

// With what it may hold besides left out: a template may write all that it is given, and hints must
// not reach the prompt.
void write_function(json::Writer& w, const json::Node& function) {
  w.begin_object();
  for (const auto& [key, value] : function.members())
    if (key == "name" || key == "description" || key == "parameters" || key == "strict")
      w.key(key).raw(value.dump());
  w.end_object();
}

void write_tool(json::Writer& w, const json::Node& function) {
  w.begin_object().field("type", "function").key("function");
  write_function(w, function);
  w.end_object();
}

void check_function(const json::Node& function, FieldNotes& notes) {
  check_fields(function, kFunctionFields, notes);
  tool_name_in(function.at("name"));
  if (const auto node = function.get("description")) node->as_string();
  if (const auto node = function.get("parameters")) node->members();
  if (const auto node = function.get("strict")) node->as_bool();
}

void check_tool(const json::Node& tool, FieldNotes& notes) {
  const json::Node type = tool.at("type");
  if (type.as_string() != "function") type.fail("must be \"function\"");
  check_fields(tool, kToolFields, notes);
  check_function(tool.at("function"), notes);
}

// {"type": "function", "function": {"name": ...}}: one that has to be there.
std::string named_tool(const json::Node& node, const std::vector<std::string>& offered) {
  const json::Node type = node.at("type");
  if (type.as_string() != "function") type.fail("must be \"function\"");
  const json::Node name = node.at("function").at("name");
  if (std::find(offered.begin(), offered.end(), name.as_string()) == offered.end())
    name.fail("names no tool of this request");
  return name.as_string();
}

// One of {"mode": "auto", "tools": [...]}.
wire::ToolUse allowed_tools(const json::Node& allowed, const std::vector<std::string>& offered) {
  wire::ToolUse use;
  const json::Node mode = allowed.at("mode");
  if (mode.as_string() != "auto" && mode.as_string() != "required")
    mode.fail("must be \"auto\" or \"required\"");
  use.required = mode.as_string() == "required";
  for (const auto& tool : allowed.at("tools").as_array(wire::kToolsMax))
    use.names.push_back(named_tool(tool, offered));
  if (use.names.empty()) allowed.at("tools").fail("must not be empty");
  return use;
}

// Nothing where no tool may be used.
std::optional<wire::ToolUse> read_tool_choice(const json::Node& root,
                                              const std::vector<std::string>& offered) {
  const auto choice = root.get("tool_choice");
  if (!choice) return wire::ToolUse{};
  if (choice->is_object()) {
    if (choice->as_string_or("type", "") == "allowed_tools")
      return allowed_tools(choice->at("allowed_tools"), offered);
    return wire::ToolUse{true, true, {named_tool(*choice, offered)}};
  }
  const std::string text = choice->as_string();
  if (text == "none") return std::nullopt;
  if (text != "auto" && text != "required")
    choice->fail("must be \"auto\", \"none\", \"required\", or an object that names tools");
  if (text == "required" && offered.empty()) choice->fail("is only allowed with \"tools\"");
  return wire::ToolUse{text == "required", true, {}};
}

void read_tools(const json::Node& root, wire::GenerateRequest& out, FieldNotes& notes) {
  const auto tools = root.get("tools");
  std::vector<std::string> offered;
  json::Writer w;
  w.begin_array();
  if (tools) {
    for (const auto& tool : tools->as_array(wire::kToolsMax)) {
      check_tool(tool, notes);
      offered.push_back(tool.at("function").at("name").as_string());
      write_tool(w, tool.at("function"));
    }
  }
  w.end_array();
  const auto use = read_tool_choice(root, offered);
  if (!use || offered.empty()) return;
  out.tool_use = *use;
  out.tool_use.parallel = root.as_bool_or("parallel_tool_calls", true);
  out.tools_json = w.take();
  out.parse_tool_calls = true;
}

// OpenAI's older form of tools: one call an answer at most. Whether it is spoken.
bool read_functions(const json::Node& root, wire::GenerateRequest& out, FieldNotes& notes) {
  const auto functions = root.get("functions");
  if (!functions || functions->as_array(wire::kToolsMax).empty()) return false;
  if (root.has("tools")) functions->fail("cannot be given together with 'tools'");
  std::vector<std::string> offered;
  json::Writer w;
  w.begin_array();
  for (const auto& function : functions->as_array()) {
    check_function(function, notes);
    offered.push_back(function.at("name").as_string());
    write_tool(w, function);
  }
  w.end_array();
  out.tool_use = {false, false, {}};
  if (const auto choice = root.get("function_call")) {
    if (choice->is_object()) {
      const json::Node name = choice->at("name");
      if (std::find(offered.begin(), offered.end(), name.as_string()) == offered.end())
        name.fail("names no function of this request");
      out.tool_use = {true, false, {name.as_string()}};
    } else if (choice->as_string() == "none") {
      return true;
    } else if (choice->as_string() != "auto") {
      choice->fail("must be \"auto\", \"none\", or an object with a function's name");
    }
  }
  out.tools_json = w.take();
  out.parse_tool_calls = true;
  return true;
}

void read_logprobs(const json::Node& root, wire::Sampling& sampling) {
  const bool wanted = root.as_bool_or("logprobs", false);
  if (wanted) sampling.top_logprobs = 0;
  if (const auto node = root.get("top_logprobs")) {
    const auto top = static_cast<int>(node->as_int(0, wire::kTopLogprobsMax));
    if (!wanted && top > 0) node->fail("is only allowed with \"logprobs\": true");
    if (wanted) sampling.top_logprobs = top;
  }
}

void read_length(const json::Node& root, wire::Sampling& sampling) {
  const auto node = root.get("max_completion_tokens");
  if (!node) return;
  if (root.has("max_tokens")) node->fail("cannot be given together with 'max_tokens'");
  sampling.max_tokens = wire::max_tokens_in(*node);
}

void read_thinking_budget(const json::Node& root, wire::GenerateRequest& out) {
  for (const char* name : {"thinking_budget", "thinking_token_budget", "reasoning_budget"}) {
    const auto budget = root.get(name);
    if (!budget) continue;
    if (out.thought_tokens_max) budget->fail("is given under another name too");
    const auto tokens = static_cast<int>(budget->as_int(-1, wire::kMaxTokensMax));
    if (tokens >= 0) out.thought_tokens_max = tokens;
  }
}

// The variables that a request names itself, of which chat_template_kwargs come first.
std::string template_options(const json::Node& root) {
  const auto given = root.get("chat_template_kwargs");
  const auto effort = root.get("reasoning_effort");
  const auto thinking = root.get("enable_thinking");
  if (!given && !effort && !thinking) return {};
  json::Writer w;
  w.begin_object();
  if (given) {
    for (const auto& [key, value] : given->members()) {
      if (key == "messages" || key == "tools" || key == "add_generation_prompt")
        value.fail("cannot be replaced");
      w.key(key).raw(value.dump());
    }
  }
  const auto is_given = [&](std::string_view name) { return given && given->has(name); };
  if (effort && !is_given("reasoning_effort")) w.field("reasoning_effort", effort->as_string());
  if (!is_given("enable_thinking")) {
    if (thinking)
      w.field("enable_thinking", thinking->as_bool());
    else if (effort && effort->as_string() == kNoEffort)
      w.field("enable_thinking", false);
  }
  w.end_object();
  return w.take();
}

}  // namespace

ApiRequest decode_chat_request(const json::Node& root, FieldNotes& notes) {
  check_fields(root, kChatRequestFields, notes);
  ApiRequest request = decode_openai_common(root, notes);
  read_length(root, request.generate.sampling);
  read_logprobs(root, request.generate.sampling);
  if (read_functions(root, request.generate, notes))
    request.echo = kSpeaksFunctions;
  else
    read_tools(root, request.generate, notes);
  if (request.generate.parse_tool_calls && request.generate.sampling.ignore_eos)
    root.at("ignore_eos").fail("cannot be given together with tools, which bind the answer's end");
  read_thinking_budget(root, request.generate);
  request.generate.template_options_json = template_options(root);
  ChatMessages messages = decode_chat_messages(root.at("messages"), notes);
  request.generate.messages_json = std::move(messages.json);
  request.generate.images = std::move(messages.images);
  return request;
}

}  // namespace sanctum::gateway
