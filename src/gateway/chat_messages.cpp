#include "gateway/chat_messages.h"

#include <optional>

#include "gateway/api_request.h"
#include "gateway/picture.h"
#include "wire/messages.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kPartsMax = 1024;
constexpr std::size_t kToolCallsMax = 256;

struct Part {
  std::string text;
  bool picture = false;
};

std::string read_picture(const json::Node& part) {
  const json::Node image = part.at("image_url");
  refuse_unknown(part, {"type", "image_url"}, {});
  if (image.is_string())
    return decode_picture_url(image.as_string(), image.path());  // as some clients write it
  refuse_unknown(image, {"url"}, {"detail"});
  const json::Node url = image.at("url");
  return decode_picture_url(url.as_string(), url.path());
}

std::vector<Part> read_parts(const json::Node& content, const std::string& role,
                             std::vector<std::string>& images) {
  std::vector<Part> parts;
  for (const auto& node : content.as_array(kPartsMax)) {
    const json::Node type = node.at("type");
    const std::string kind = type.as_string();
    if (kind == "text") {
      refuse_unknown(node, {"type", "text"}, {"annotations"});
      parts.push_back({node.at("text").as_string(), false});
    } else if (kind == "refusal" && role == "assistant") {
      parts.push_back({node.at("refusal").as_string(), false});
    } else if (kind == "image_url") {
      if (role != "user" && role != "tool")
        type.fail("can only be \"text\" in a message of the " + role);
      if (images.size() == wire::kImagesMax) {
        node.fail("is one picture more than the " + std::to_string(wire::kImagesMax) + " allowed");
      }
      images.push_back(read_picture(node));
      parts.push_back({{}, true});
    } else {
      type.fail("must be \"text\" or \"image_url\", not \"" + kind + "\"");
    }
  }
  if (parts.empty()) content.fail("must not be empty");
  return parts;
}

void write_content(json::Writer& w, const json::Node& content, const std::string& role,
                   std::vector<std::string>& images) {
  w.key("content");
  if (content.is_string()) {
    w.value(content.as_string());
    return;
  }
  if (!content.is_array()) {
    content.fail("must be a string or an array of parts, not " + std::string(content.kind()));
  }
  const std::size_t before = images.size();
  const auto parts = read_parts(content, role, images);
  if (images.size() == before) {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? "\n" : "") + parts[i].text;
    w.value(text);
    return;
  }
  w.begin_array();
  for (const auto& part : parts) {
    w.begin_object().field("type", part.picture ? "image" : "text");
    if (!part.picture) w.field("text", part.text);
    w.end_object();
  }
  w.end_array();
}

void write_tool_calls(json::Writer& w, const json::Node& calls) {
  w.key("tool_calls").begin_array();
  for (const auto& call : calls.as_array(kToolCallsMax)) {
    refuse_unknown(call, {"id", "type", "function"}, {"index"});
    if (const auto type = call.get("type"); type && type->as_string() != "function")
      type->fail("must be \"function\"");
    const json::Node function = call.at("function");
    refuse_unknown(function, {"name", "arguments"}, {});
    w.begin_object().field("id", call.as_string_or("id", "")).field("type", "function");
    w.key("function").begin_object().field("name", function.at("name").as_string());
    const json::Node arguments = function.at("arguments");
    const std::string text = arguments.is_object() ? arguments.dump() : arguments.as_string();
    try {
      const json::Document parsed(text.empty() ? "{}" : text);
      if (!parsed.root().is_object()) parsed.root().fail("must be an object");
      w.key("arguments").raw(parsed.root().dump());
    } catch (const Error&) {
      arguments.fail("must be a JSON object as text");
    }
    w.end_object().end_object();
  }
  w.end_array();
}

void write_message(json::Writer& w, const json::Node& message, std::vector<std::string>& images) {
  const json::Node role_node = message.at("role");
  const std::string role = role_node.as_string();
  const bool assistant = role == "assistant";
  if (role != "system" && role != "developer" && role != "user" && !assistant && role != "tool") {
    role_node.fail(
        "must be \"system\", \"developer\", \"user\", \"assistant\" or \"tool\", not \"" + role +
        "\"");
  }
  if (assistant) {
    refuse_unknown(message, {"role", "content", "name", "tool_calls", "reasoning_content"},
                   {"refusal", "annotations"});
  } else if (role == "tool") {
    refuse_unknown(message, {"role", "content", "name", "tool_call_id"}, {});
  } else {
    refuse_unknown(message, {"role", "content", "name"}, {});
  }
  w.begin_object().field("role", role == "developer" ? "system" : role);
  if (const auto name = message.get("name")) w.field("name", name->as_string());
  const auto calls = message.get("tool_calls");
  if (assistant && calls && !message.has("content")) {
    w.field("content", "");
  } else {
    write_content(w, message.at("content"), role, images);
  }
  if (const auto reasoning = message.get("reasoning_content"))
    w.field("reasoning_content", reasoning->as_string());
  if (calls) write_tool_calls(w, *calls);
  if (const auto id = message.get("tool_call_id")) w.field("tool_call_id", id->as_string());
  w.end_object();
}

}  // namespace

ChatMessages decode_chat_messages(const json::Node& messages) {
  ChatMessages out;
  json::Writer w;
  w.begin_array();
  const auto items = messages.as_array(wire::kMessagesMax);
  if (items.empty()) messages.fail("must not be empty");
  for (const auto& message : items) write_message(w, message, out.images);
  w.end_array();
  out.json = w.take();
  return out;
}

}  // namespace sanctum::gateway
