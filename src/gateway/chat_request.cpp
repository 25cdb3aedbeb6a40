// POST /v1/chat/completions, but for its messages (chat_messages.cpp).
#include <algorithm>

#include "gateway/api_request.h"
#include "gateway/chat_messages.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kToolsMax = 128;
constexpr std::size_t kToolNameBytesMax = 64;

void check_tool(const json::Node& tool) {
  const json::Node type = tool.at("type");
  if (type.as_string() != "function") type.fail("must be \"function\"");
  refuse_unknown(tool, {"type", "function"}, {});
  const json::Node function = tool.at("function");
  refuse_unknown(function, {"name", "description", "parameters", "strict"}, {});
  const json::Node name = function.at("name");
  const std::string text = name.as_string();
  const auto legal = [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c == '.';
  };
  if (text.empty() || text.size() > kToolNameBytesMax ||
      !std::all_of(text.begin(), text.end(), legal)) {
    name.fail("must have 1 to " + std::to_string(kToolNameBytesMax) +
              " letters, digits, '_', '-' or '.'");
  }
  if (const auto node = function.get("description")) node->as_string();
  if (const auto node = function.get("parameters")) node->members();
  if (const auto node = function.get("strict"); node && node->as_bool()) {
    node->fail("cannot be enforced yet; leave it out or send false");
  }
}

// True when tools may be used.
bool read_tool_choice(const json::Node& root, bool tools_given) {
  const auto choice = root.get("tool_choice");
  if (!choice) return true;
  if (!choice->is_string()) {
    if (!choice->is_object())
      choice->fail("must be \"auto\" or \"none\", not " + std::string(choice->kind()));
    choice->fail("cannot force a certain tool yet; send \"auto\" or \"none\"");
  }
  const std::string text = choice->as_string();
  if (text == "required")
    choice->fail("\"required\" cannot be enforced yet; send \"auto\" or \"none\"");
  if (text != "auto" && text != "none") choice->fail("must be \"auto\" or \"none\"");
  if (text == "auto" && !tools_given) choice->fail("is only allowed with \"tools\"");
  return text == "auto";
}

void read_tools(const json::Node& root, wire::GenerateRequest& out) {
  const auto tools = root.get("tools");
  std::size_t count = 0;
  if (tools) {
    for (const auto& tool : tools->as_array(kToolsMax)) {
      check_tool(tool);
      ++count;
    }
  }
  if (const auto node = root.get("parallel_tool_calls"); node && !node->as_bool()) {
    node->fail("cannot be enforced yet; leave it out or send true");
  }
  if (!read_tool_choice(root, count > 0) || count == 0) return;
  out.tools_json = tools->dump();
  out.parse_tool_calls = true;
}

void read_logprobs(const json::Node& root, wire::Sampling& sampling) {
  const bool wanted = root.as_bool_or("logprobs", false);
  if (wanted) sampling.top_logprobs = 0;
  if (const auto node = root.get("top_logprobs")) {
    const auto top = static_cast<int>(node->as_int(0, wire::kTopLogprobsMax));
    if (!wanted) node->fail("is only allowed with \"logprobs\": true");
    sampling.top_logprobs = top;
  }
}

void read_length(const json::Node& root, wire::Sampling& sampling) {
  const auto node = root.get("max_completion_tokens");
  if (!node) return;
  if (root.has("max_tokens")) node->fail("cannot be given together with 'max_tokens'");
  sampling.max_tokens = static_cast<int>(node->as_int(1, wire::kMaxTokensMax));
}

void refuse_what_cannot_be_done(const json::Node& root) {
  if (const auto format = root.get("response_format")) {
    const json::Node type = format->at("type");
    if (type.as_string() != "text")
      type.fail("can only be \"text\": other formats cannot be enforced yet");
  }
  if (const auto modalities = root.get("modalities")) {
    for (const auto& item : modalities->as_array()) {
      if (item.as_string() != "text") item.fail("can only be \"text\"");
    }
  }
}

std::string template_options(const json::Node& root) {
  const auto given = root.get("chat_template_kwargs");
  const auto effort = root.get("reasoning_effort");
  if (!given && !effort) return {};
  json::Writer w;
  w.begin_object();
  if (given) {
    for (const auto& [key, value] : given->members()) {
      if (key == "messages" || key == "tools" || key == "add_generation_prompt")
        value.fail("cannot be replaced");
      w.key(key).raw(value.dump());
    }
  }
  if (effort && !(given && given->has("reasoning_effort")))
    w.field("reasoning_effort", effort->as_string());
  w.end_object();
  return w.take();
}

}  // namespace

ApiRequest decode_chat_request(const json::Node& root) {
  ApiRequest request = decode_common(root);
  refuse_unknown_beside_common(root,
                               {"messages", "max_completion_tokens", "logprobs", "top_logprobs",
                                "tools", "tool_choice", "parallel_tool_calls", "response_format",
                                "modalities", "chat_template_kwargs", "reasoning_effort"},
                               {"user", "metadata", "store", "service_tier", "safety_identifier",
                                "prompt_cache_key", "prompt_cache_retention", "verbosity"});
  refuse_what_cannot_be_done(root);
  read_length(root, request.generate.sampling);
  read_logprobs(root, request.generate.sampling);
  read_tools(root, request.generate);
  request.generate.template_options_json = template_options(root);
  ChatMessages messages = decode_chat_messages(root.at("messages"));
  request.generate.messages_json = std::move(messages.json);
  request.generate.images = std::move(messages.images);
  return request;
}

}  // namespace sanctum::gateway
