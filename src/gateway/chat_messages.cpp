#include "gateway/chat_messages.h"

#include <optional>

#include "gateway/openai_fields.h"
#include "gateway/picture.h"
#include "wire/messages.h"

namespace sanctum::gateway {
namespace {

std::string read_picture(const json::Node& part, FieldNotes& notes) {
  check_fields(part, kPicturePartFields, notes);
  const json::Node image = part.at("image_url");
  if (image.is_string())
    return decode_picture_url(image.as_string(), image.path());  // as some clients write it
  check_fields(image, kImageUrlFields, notes);
  const json::Node url = image.at("url");
  return decode_picture_url(url.as_string(), url.path());
}

std::vector<MessagePart> read_parts(const json::Node& content, const std::string& role,
                                    std::vector<std::string>& images, FieldNotes& notes) {
  std::vector<MessagePart> parts;
  for (const auto& node : content.as_array(kPartsMax)) {
    const json::Node type = node.at("type");
    const std::string kind = type.as_string();
    if (kind == "text") {
      check_fields(node, kTextPartFields, notes);
      parts.push_back({node.at("text").as_string(), false});
    } else if (kind == "refusal" && role == "assistant") {
      check_fields(node, kRefusalPartFields, notes);
      parts.push_back({node.at("refusal").as_string(), false});
    } else if (kind == "image_url") {
      if (role != "user" && role != "tool" && role != "function")
        type.fail("can only be \"text\" in a message of the " + role);
      add_picture(images, read_picture(node, notes), node);
      parts.push_back({{}, true});
    } else {
      type.fail("must be \"text\" or \"image_url\", not \"" + kind + "\"");
    }
  }
  if (parts.empty()) content.fail("must not be empty");
  return parts;
}

void write_content_of(json::Writer& w, const json::Node& content, const std::string& role,
                      std::vector<std::string>& images, FieldNotes& notes) {
  if (content.is_string()) {
    write_content(w, {{content.as_string(), false}});
  } else if (content.is_array()) {
    write_content(w, read_parts(content, role, images, notes));
  } else {
    content.fail("must be a string or an array of parts, not " + std::string(content.kind()));
  }
}

void write_call(json::Writer& w, const std::string& id, const json::Node& function,
                FieldNotes& notes) {
  check_fields(function, kCalledFunctionFields, notes);
  w.begin_object().field("id", id).field("type", "function");
  w.key("function").begin_object().field("name", function.at("name").as_string());
  const json::Node arguments = function.at("arguments");
  w.key("arguments")
      .raw(arguments.is_object() ? arguments.dump() : arguments_as_json(arguments.as_string()));
  w.end_object().end_object();
}

void write_tool_calls(json::Writer& w, const json::Node& calls, FieldNotes& notes) {
  w.key("tool_calls").begin_array();
  for (const auto& call : calls.as_array(kToolCallsMax)) {
    check_fields(call, kToolCallFields, notes);
    if (const auto type = call.get("type"); type && type->as_string() != "function")
      type->fail("must be \"function\"");
    write_call(w, call.as_string_or("id", ""), call.at("function"), notes);
  }
  w.end_array();
}

// Of a function's result, in the form from before there were tools: calls have no ids there.
std::string id_of_function(const std::string& name) {
  return "call_" + name;
}

void write_assistant(json::Writer& w, const json::Node& message, std::vector<std::string>& images,
                     FieldNotes& notes) {
  if (message.get("content"))
    write_content_of(w, message.at("content"), "assistant", images, notes);
  else
    w.field("content", "");  // null, or left out: it called tools, or said nothing
  for (const char* name : {"reasoning_content", "reasoning"}) {
    if (const auto reasoning = message.get(name)) {
      w.field("reasoning_content", reasoning->as_string());
      break;
    }
  }
  if (const auto calls = message.get("tool_calls")) {
    write_tool_calls(w, *calls, notes);
  } else if (const auto call = message.get("function_call")) {
    w.key("tool_calls").begin_array();
    write_call(w, id_of_function(call->at("name").as_string()), *call, notes);
    w.end_array();
  }
}

const ObjectFields& fields_of(const json::Node& role_node) {
  const std::string role = role_node.as_string();
  if (role == "assistant") return kAssistantMessageFields;
  if (role == "tool" || role == "function") return kToolMessageFields;
  if (role == "system" || role == "developer" || role == "user") return kMessageFields;
  role_node.fail("must be \"system\", \"developer\", \"user\", \"assistant\" or \"tool\", not \"" +
                 role + "\"");
}

void write_message(json::Writer& w, const json::Node& message, std::vector<std::string>& images,
                   FieldNotes& notes) {
  const json::Node role_node = message.at("role");
  const std::string role = role_node.as_string();
  check_fields(message, fields_of(role_node), notes);
  w.begin_object().field("role", role == "developer"  ? "system"
                                 : role == "function" ? "tool"
                                                      : role);
  if (const auto name = message.get("name")) w.field("name", name->as_string());
  if (role == "assistant")
    write_assistant(w, message, images, notes);
  else
    write_content_of(w, message.at("content"), role, images, notes);
  if (role == "function")
    w.field("tool_call_id", id_of_function(message.at("name").as_string()));
  else if (const auto id = message.get("tool_call_id"); id && role == "tool")
    w.field("tool_call_id", id->as_string());
  w.end_object();
}

}  // namespace

std::string arguments_as_json(const std::string& text) {
  try {
    const json::Document parsed(text.empty() ? "{}" : text);
    if (parsed.root().is_object()) return parsed.root().dump();
  } catch (const Error&) {  // no JSON
  }
  return json::quote(text);
}

ChatMessages decode_chat_messages(const json::Node& messages, FieldNotes& notes) {
  ChatMessages out;
  json::Writer w;
  w.begin_array();
  const auto items = messages.as_array(wire::kMessagesMax);
  if (items.empty()) messages.fail("must not be empty");
  for (const auto& message : items) write_message(w, message, out.images, notes);
  w.end_array();
  out.json = w.take();
  return out;
}

}  // namespace sanctum::gateway
