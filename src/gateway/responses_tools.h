// The tools of Responses: functions in namespaces made flat, free texts made functions, and back.
//
// A template knows functions alone, by flat names. "ns__name" stands for the function of a
// namespace; a custom tool, which takes a text, is a function with the one parameter "input". What
// OpenAI would run itself is ignored and named. Values.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "gateway/fields.h"
#include "wire/messages.h"

namespace sanctum::gateway {

struct ResponsesTool {
  std::string name;        // as the client knows it
  std::string space;       // its namespace; empty: none
  bool is_custom = false;  // takes a text
};

struct ResponsesTools {
  std::string json;                            // for GenerateRequest::tools_json; empty: none
  std::map<std::string, ResponsesTool> known;  // by flat name
  wire::ToolUse use;
  bool may_be_called = false;
};

// Throws Error(kInvalid) naming the field.
ResponsesTools read_responses_tools(const json::Node& root, FieldNotes& notes);
std::string flat_name(const std::string& space, const std::string& name);

}  // namespace sanctum::gateway
