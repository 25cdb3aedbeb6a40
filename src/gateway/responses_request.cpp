#include "gateway/responses_request.h"

#include <algorithm>

#include "gateway/answer_structure.h"
#include "gateway/chat_messages.h"
#include "gateway/history.h"
#include "gateway/message_parts.h"
#include "gateway/picture.h"
#include "gateway/responses_fields.h"
#include "gateway/responses_tools.h"
#include "wire/sampling.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kIncludeMax = 64;

class Items {
 public:
  Items(const Seal* seal, FieldNotes& notes) : seal_(seal), notes_(&notes) {}

  History& history() { return history_; }
  void note_to(FieldNotes& notes) { notes_ = &notes; }

  void item(const json::Node& node) {
    const std::string type = node.as_string_or("type", "message");
    if (type == "message") return message(node);
    if (type == "function_call" || type == "custom_tool_call") return call(node, type);
    if (type == "function_call_output" || type == "custom_tool_call_output") return output(node);
    if (type == "reasoning") return reasoning(node);
    if (type.ends_with("_call") || type.ends_with("_call_output") || type == "compaction") {
      notes_->ignore(node, "it is of what OpenAI's machines did");
      return;
    }
    node.at("type").fail("\"" + type + "\" is no item that is known here");
  }

 private:
  void message(const json::Node& node) {
    check_fields(node, kInputMessageFields, *notes_);
    const json::Node role_node = node.at("role");
    const std::string role = role_node.as_string();
    const bool system = role == "system" || role == "developer";
    if (!system && role != "user" && role != "assistant")
      role_node.fail(R"(must be "system", "developer", "user" or "assistant", not ")" + role +
                     "\"");
    const auto say = [&](MessagePart part) {
      if (role == "user")
        history_.user(std::move(part));
      else if (system)
        history_.system(part.text);
      else
        history_.answer(part.text);
    };
    const json::Node content = node.at("content");
    if (content.is_string()) return say({content.as_string(), false});
    for (const auto& part : content.as_array(kPartsMax)) say(content_part(part, role == "user"));
  }

  MessagePart content_part(const json::Node& part, bool pictures) {
    check_fields(part, kInputPartFields, *notes_);
    const json::Node type_node = part.at("type");
    const std::string type = type_node.as_string();
    if (type == "input_text" || type == "output_text" || type == "text")
      return {part.at("text").as_string(), false};
    if (type == "refusal") return {part.at("refusal").as_string(), false};
    if (type == "input_image" && pictures) {
      const json::Node url = part.at("image_url");
      history_.picture(decode_picture_url(url.as_string(), url.path()), part);
      return {{}, true};
    }
    type_node.fail("\"" + type + "\" cannot stand here");
  }

  void call(const json::Node& node, const std::string& type) {
    check_fields(node, kFunctionCallItemFields, *notes_);
    const std::string flat =
        flat_name(node.as_string_or("namespace", ""), node.at("name").as_string());
    std::string arguments;
    if (type == "custom_tool_call") {
      json::Writer w;
      w.begin_object().field("input", node.at("input").as_string()).end_object();
      arguments = w.take();
    } else {
      arguments = arguments_as_json(node.as_string_or("arguments", ""));
    }
    history_.call(node.at("call_id").as_string(), flat, std::move(arguments));
  }

  void output(const json::Node& node) {
    check_fields(node, kFunctionOutputFields, *notes_);
    std::vector<MessagePart> parts;
    const json::Node output = node.at("output");
    if (output.is_string())
      parts.push_back({output.as_string(), false});
    else
      for (const auto& part : output.as_array(kPartsMax)) parts.push_back(content_part(part, true));
    history_.result(node.at("call_id").as_string(), parts);
  }

  void reasoning(const json::Node& node) {
    check_fields(node, kReasoningItemFields, *notes_);
    for (const char* where : {"content", "summary"}) {
      const auto parts = node.get(where);
      if (!parts || parts->as_array(kPartsMax).empty()) continue;
      for (const auto& part : parts->as_array(kPartsMax))
        history_.thought(part.as_string_or("text", ""));
      return;
    }
    const auto sealed = node.get("encrypted_content");
    if (!sealed) return;
    const auto thought = seal_ == nullptr ? std::nullopt : seal_->open(sealed->as_string());
    if (thought)
      history_.thought(*thought);
    else
      notes_->ignore(*sealed, "it was not sealed here");
  }

  const Seal* const seal_;
  FieldNotes* notes_;
  History history_;
};

wire::Structure structure(const json::Node& root, FieldNotes& notes) {
  const auto text = root.get("text");
  if (!text) return {};
  check_fields(*text, kResponsesTextFields, notes);
  const auto format = text->get("format");
  if (!format) return {};
  const json::Node type = format->at("type");
  const std::string kind = type.as_string();
  if (kind == "text") return {};
  if (kind == "json_object") return {wire::StructureKind::kJsonObject, {}, false};
  return read_schema_format(*format);
}

// A text is the message that it stands for.
std::string items_of(const json::Node& input) {
  if (!input.is_string()) return input.dump();
  json::Writer w;
  w.begin_array().begin_object().field("type", "message").field("role", "user");
  w.key("content").begin_array().begin_object().field("type", "input_text");
  w.field("text", input.as_string()).end_object().end_array().end_object().end_array();
  return w.take();
}

bool seals_thoughts(const json::Node& root) {
  const auto include = root.get("include");
  if (!include) return false;
  const auto all = include->as_array(kIncludeMax);
  return std::any_of(all.begin(), all.end(), [](const json::Node& one) {
    return one.as_string() == "reasoning.encrypted_content";
  });
}

std::string echo_of(const json::Node& root, const ResponsesTools& tools) {
  json::Writer w;
  w.begin_object().key("repeated").begin_object();
  for (const char* name :
       {"instructions", "max_output_tokens", "metadata", "reasoning", "temperature", "text",
        "tool_choice", "tools", "top_p", "truncation", "parallel_tool_calls", "user"}) {
    if (const auto value = root.get(name)) w.key(name).raw(value->dump());
  }
  w.end_object().key("known").begin_object();
  for (const auto& [flat, tool] : tools.known) {
    w.key(flat).begin_object().field("name", tool.name).field("namespace", tool.space);
    w.field("custom", tool.is_custom).end_object();
  }
  w.end_object().key("previous");
  const std::string previous = previous_response(root);
  previous.empty() ? w.null() : w.value(previous);
  w.field("seals", seals_thoughts(root));
  if (root.as_bool_or("store", true)) w.key("kept").raw(items_of(root.at("input")));
  w.end_object();
  return w.take();
}

}  // namespace

std::string responses_field(const std::string& engine_field) {
  if (engine_field == "structure") return "text.format";
  if (engine_field == "template_options") return "reasoning";
  if (engine_field == "messages") return "input";
  return public_field(engine_field);
}

std::string previous_response(const json::Node& root) {
  return root.is_object() ? root.as_string_or("previous_response_id", "") : std::string();
}

ApiRequest decode_responses_request(const json::Node& root, Decoding& with) {
  FieldNotes& notes = with.notes;
  check_fields(root, kResponsesRequestFields, notes);
  ApiRequest request = decode_common(root);
  wire::GenerateRequest& generate = request.generate;
  if (const auto length = root.get("max_output_tokens"))
    generate.sampling.max_tokens = static_cast<int>(length->as_int(1, wire::kMaxTokensMax));
  const ResponsesTools tools = read_responses_tools(root, notes);
  if (tools.may_be_called) {
    generate.tools_json = tools.json;
    generate.tool_use = tools.use;
    generate.parse_tool_calls = true;
  }
  if (const auto reasoning = root.get("reasoning")) {
    check_fields(*reasoning, kResponsesReasoningFields, notes);
    if (const auto effort = reasoning->get("effort")) {
      json::Writer w;
      w.begin_object().field("reasoning_effort", effort->as_string());
      if (effort->as_string() == kNoEffort) w.field("enable_thinking", false);
      generate.template_options_json = (w.end_object(), w.take());
    }
  }
  generate.structure = structure(root, notes);
  FieldNotes noted_before;  // when that was said
  Items items(with.seal, noted_before);
  if (const auto instructions = root.get("instructions"))
    items.history().system(instructions->as_string());
  if (with.earlier != nullptr)
    for (const auto& one : with.earlier->as_array()) items.item(one);
  items.note_to(notes);
  const json::Node input = root.at("input");
  if (input.is_string()) {
    items.history().user({input.as_string(), false});
  } else {
    const auto all = input.as_array(wire::kMessagesMax);
    if (all.empty()) input.fail("must not be empty");
    for (const auto& one : all) items.item(one);
  }
  ChatMessages messages = items.history().take();
  if (messages.json == "[]") input.fail("holds nothing that could be answered");
  generate.messages_json = std::move(messages.json);
  generate.images = std::move(messages.images);
  request.echo = echo_of(root, tools);
  return request;
}

}  // namespace sanctum::gateway
