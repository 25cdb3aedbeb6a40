#include "gateway/anthropic_turns.h"

#include <vector>

#include "gateway/anthropic_fields.h"
#include "gateway/history.h"
#include "gateway/message_parts.h"
#include "gateway/picture.h"
#include "wire/messages.h"

namespace sanctum::gateway {
namespace {

constexpr std::string_view kBillingHeader = "x-anthropic-billing-header:";

class Turns {
 public:
  explicit Turns(FieldNotes& notes) : notes_(notes) {}

  void system(const json::Node& node) {
    if (node.is_string()) return system_part(node, node.as_string());
    for (const auto& block : node.as_array(kPartsMax)) system_part(block, text_of(block));
  }

  void turn(const json::Node& node) {
    check_fields(node, kTurnFields, notes_);
    const json::Node role_node = node.at("role");
    const std::string role = role_node.as_string();
    if (role != "user" && role != "assistant" && role != "system")
      role_node.fail(R"(must be "user", "assistant" or "system", not ")" + role + "\"");
    const json::Node content = node.at("content");
    if (content.is_string()) {
      const std::string text = content.as_string();
      if (role == "assistant")
        history_.answer(text);
      else if (role == "system")
        history_.system(text);
      else
        history_.user({text, false});
      return;
    }
    for (const auto& block : content.as_array(kPartsMax)) {
      if (role == "assistant")
        assistant_block(block);
      else if (role == "system")
        history_.system(text_of(block));
      else
        user_block(block);
    }
  }

  ChatMessages take() { return history_.take(); }

 private:
  void system_part(const json::Node& node, std::string text) {
    if (text.starts_with(kBillingHeader)) {
      notes_.ignore(node, "it changes with each request");
      const std::size_t line = text.find('\n');
      text = line == std::string::npos ? "" : text.substr(line + 1);
    }
    history_.system(text);
  }

  std::string text_of(const json::Node& block) {
    const json::Node type = block.at("type");
    if (type.as_string() != "text") type.fail("must be \"text\" here");
    check_fields(block, kTextBlockFields, notes_);
    return block.at("text").as_string();
  }

  MessagePart picture(const json::Node& block) {
    check_fields(block, kImageBlockFields, notes_);
    const json::Node source = block.at("source");
    check_fields(source, kImageSourceFields, notes_);
    const json::Node type = source.at("type");
    if (type.as_string() == "url") {
      const json::Node url = source.at("url");
      history_.picture(decode_picture_url(url.as_string(), url.path()), block);
      return {{}, true};
    }
    if (type.as_string() != "base64") type.fail("must be \"base64\" or \"url\"");
    const json::Node data = source.at("data");
    history_.picture(decode_picture_url("data:" + source.as_string_or("media_type", "image/png") +
                                            ";base64," + data.as_string(),
                                        data.path()),
                     block);
    return {{}, true};
  }

  MessagePart content_block(const json::Node& block) {
    const json::Node type = block.at("type");
    const std::string kind = type.as_string();
    if (kind == "text") return {text_of(block), false};
    if (kind == "image") return picture(block);
    type.fail("must be \"text\", \"image\" or \"tool_result\", not \"" + kind + "\"");
  }

  void user_block(const json::Node& block) {
    if (block.at("type").as_string() == "tool_result") return tool_result(block);
    history_.user(content_block(block));
  }

  void tool_result(const json::Node& block) {
    check_fields(block, kToolResultFields, notes_);
    std::vector<MessagePart> parts;
    if (const auto content = block.get("content")) {
      if (content->is_string())
        parts.push_back({content->as_string(), false});
      else
        for (const auto& part : content->as_array(kPartsMax)) parts.push_back(content_block(part));
    }
    history_.result(block.at("tool_use_id").as_string(), parts);
  }

  void assistant_block(const json::Node& block) {
    const json::Node type = block.at("type");
    const std::string kind = type.as_string();
    if (kind == "text") {
      history_.answer(text_of(block));
    } else if (kind == "thinking") {
      check_fields(block, kThinkingBlockFields, notes_);
      history_.thought(block.at("thinking").as_string());
    } else if (kind == "tool_use") {
      check_fields(block, kToolUseFields, notes_);
      const auto input = block.get("input");
      if (input && !input->is_object())
        input->fail("must be an object, not " + std::string(input->kind()));
      history_.call(block.as_string_or("id", ""), block.at("name").as_string(),
                    input ? input->dump() : "{}");
    } else if (kind == "redacted_thinking") {
      notes_.ignore(block, "it is sealed for others");
    } else {
      type.fail("must be \"text\", \"thinking\" or \"tool_use\", not \"" + kind + "\"");
    }
  }

  FieldNotes& notes_;
  History history_;
};

}  // namespace

ChatMessages decode_turns(const json::Node& root, FieldNotes& notes) {
  const json::Node messages = root.at("messages");
  const auto items = messages.as_array(wire::kMessagesMax);
  if (items.empty()) messages.fail("must not be empty");
  Turns turns(notes);
  if (const auto system = root.get("system")) turns.system(*system);
  for (const auto& item : items) turns.turn(item);
  if (items.back().at("role").as_string() == "assistant")
    items.back().at("role").fail(
        "must not be \"assistant\" in the last one: an answer is a turn of its own");
  return turns.take();
}

}  // namespace sanctum::gateway
