// The output items of Responses, as one answer has them. Values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "gateway/responses_tools.h"

namespace sanctum::gateway {

enum class OutputKind { kReasoning, kMessage, kFunction, kCustom };

struct OutputItem {
  OutputKind kind = OutputKind::kMessage;
  std::string id;            // "msg_...": unique in the answer
  std::string text = {};     // thought, text, or arguments as they came
  std::string call_id = {};  // of a call
  ResponsesTool tool = {};   // of a call
  std::string sealed = {};   // of a thought, if it is wanted
  bool cut = false;          // it is over, and not whole
};

// Whether an item in which the answer was cut off is not whole: a call may be, just.
bool is_cut(const OutputItem& item);
// `whole`: it is over.
void write_item(json::Writer& w, const OutputItem& item, bool whole);
// The one part of a message.
void write_text_part(json::Writer& w, const std::string& text);
// What a custom tool is given: the text in the arguments that the model wrote; those themselves
// where they are no such object.
std::string custom_input(const std::string& arguments);

}  // namespace sanctum::gateway
