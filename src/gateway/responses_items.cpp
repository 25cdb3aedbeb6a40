#include "gateway/responses_items.h"

#include "base/error.h"

namespace sanctum::gateway {

std::string custom_input(const std::string& arguments) {
  try {
    const json::Document document(arguments);
    return document.root().at("input").as_string();
  } catch (const Error&) {  // broken, or cut
    return arguments;
  }
}

bool is_cut(const OutputItem& item) {
  if (item.kind == OutputKind::kReasoning || item.kind == OutputKind::kMessage) return true;
  try {
    return !json::Document(item.text).root().is_object();
  } catch (const Error&) {
    return true;
  }
}

void write_text_part(json::Writer& w, const std::string& text) {
  w.begin_object().field("type", "output_text").field("text", text);
  w.key("annotations").begin_array().end_array().key("logprobs").begin_array().end_array();
  w.end_object();
}

void write_item(json::Writer& w, const OutputItem& item, bool whole) {
  const char* status = !whole ? "in_progress" : item.cut ? "incomplete" : "completed";
  w.begin_object().field("id", item.id);
  switch (item.kind) {
    case OutputKind::kReasoning:
      w.field("type", "reasoning").key("summary").begin_array().end_array();
      w.key("content").begin_array();
      if (whole)
        w.begin_object().field("type", "reasoning_text").field("text", item.text).end_object();
      w.end_array();
      if (whole && !item.sealed.empty()) w.field("encrypted_content", item.sealed);
      break;
    case OutputKind::kMessage:
      w.field("type", "message").field("status", status).field("role", "assistant");
      w.key("content").begin_array();
      if (whole) write_text_part(w, item.text);
      w.end_array();
      break;
    case OutputKind::kFunction:
      w.field("type", "function_call").field("status", status).field("call_id", item.call_id);
      w.field("name", item.tool.name);
      if (!item.tool.space.empty()) w.field("namespace", item.tool.space);
      w.field("arguments", whole ? item.text : std::string());
      break;
    case OutputKind::kCustom:
      w.field("type", "custom_tool_call").field("status", status);
      w.field("call_id", item.call_id).field("name", item.tool.name);
      if (!item.tool.space.empty()) w.field("namespace", item.tool.space);
      w.field("input", whole && !item.cut ? custom_input(item.text) : std::string());
      break;
  }
  w.end_object();
}

}  // namespace sanctum::gateway
