#include "gateway/responses_fields.h"

namespace sanctum::gateway {
namespace {

using enum FieldClass;

constexpr Field kRequestRows[] = {
    {"model", kHonoured, R"({"type":"string","minLength":1})",
     "which model; may be left out where one is served"},
    {"input", kHonoured, kTextOrParts, "a text, or the items of a conversation", {}, true},
    {"instructions", kHonoured, kString, "what stands before it"},
    {"stream", kHonoured, kBoolean, "the answer as events, as it comes"},
    {"max_output_tokens", kHonoured, R"({"type":"integer","minimum":1})", "the answer's length"},
    {"temperature", kHonoured, R"({"type":"number","minimum":0,"maximum":2})", "0: the likeliest"},
    {"top_p", kHonoured, R"({"type":"number","minimum":0,"maximum":1})",
     "of the likeliest tokens that together have this probability"},
    {"tools", kHonoured, R"({"type":"array","maxItems":128,"items":{"type":"object"}})",
     "functions and free texts that the model may call"},
    {"tool_choice", kHonoured,
     R"({"anyOf":[{"enum":["auto","none","required"]},{"type":"object"}]})",
     "whether it may, or must, or which"},
    {"parallel_tool_calls", kHonoured, kBoolean, "whether it may call several at once"},
    {"reasoning", kHonoured, R"({"$ref":"#/components/schemas/ResponsesReasoning"})",
     "how much it thinks"},
    {"text", kHonoured, R"({"$ref":"#/components/schemas/ResponsesText"})",
     "what binds the answer's text"},
    {"truncation", kNeutral, kString, "can only be \"disabled\": no input is cut",
     R"(["disabled","auto"])"},
    {"background", kNeutral, kBoolean, "is not supported: an answer is waited for", "[false]"},
    {"previous_response_id", kHonoured, kString,
     "the response that this one continues, if it is kept here"},
    {"conversation", kNeutral, kAnyValue, "is not supported: send the whole input", "[]"},
    {"prompt", kNeutral, kAnyValue, "is not supported: none are kept here", "[]"},
    {"top_logprobs", kNeutral, kAnyValue, "is not supported; /v1/chat/completions has them", "[0]"},
    {"max_tool_calls", kHint, kAnyValue, "it is of tools that OpenAI runs"},
    {"include", kHonoured, R"({"type":"array","items":{"type":"string"}})",
     "reasoning.encrypted_content: thoughts come sealed too; of the rest, what there is comes"},
    {"store", kHonoured, kBoolean,
     "whether the response is kept here; left out: it is, within the limits"},
    {"metadata", kHint, kAnyValue, "the client's own"},
    {"client_metadata", kHint, kAnyValue, "the client's own"},
    {"user", kHint, kAnyValue, "whose request it is"},
    {"safety_identifier", kHint, kAnyValue, "whose request it is"},
    {"service_tier", kHint, kAnyValue, "what OpenAI charges"},
    {"prompt_cache_key", kHint, kAnyValue, "prefixes are found by their tokens"},
    {"prompt_cache_retention", kHint, kAnyValue, "prefixes are kept as long as there is room"},
    {"stream_options", kHint, kAnyValue, "pads OpenAI's events"},
};
constexpr Field kReasoningRows[] = {
    {"effort", kHonoured, kString, "the template's variable reasoning_effort"},
    {"summary", kHint, kAnyValue, "a thought is shown as it is"},
    {"generate_summary", kHint, kAnyValue, "a thought is shown as it is"},
};
constexpr Field kTextRows[] = {
    {"format", kHonoured, kObject, "text, any JSON object, or JSON of a schema"},
    {"verbosity", kHint, kAnyValue, "OpenAI's models alone know it"},
};
constexpr Field kItemRows[] = {
    {"type", kHonoured, kString, "what it is; left out: a message"},
    {"id", kHint, kAnyValue, "items are known by their place"},
    {"status", kHint, kAnyValue, "it is over"},
};
constexpr Field kMessageRows[] = {
    {"role", kHonoured, R"({"enum":["system","developer","user","assistant"]})", "whose", {}, true},
    {"content", kHonoured, kTextOrParts, "text, or parts: texts and pictures", {}, true},
};
constexpr Field kPartRows[] = {
    {"type",
     kHonoured,
     R"({"enum":["input_text","output_text","input_image","refusal","text"]})",
     "what it is",
     {},
     true},
    {"text", kHonoured, kString, "of a text"},
    {"refusal", kHonoured, kString, "what was said instead"},
    {"image_url", kHonoured, kString, "of a picture: data:image/...;base64,..."},
    {"detail", kHint, kAnyValue, "pictures are seen as the model sees them"},
    {"annotations", kHint, kAnyValue, "of an answer that cites"},
    {"logprobs", kHint, kAnyValue, "of an answer"},
    {"file_id", kNeutral, kAnyValue, "is not supported: no files are kept here", "[]"},
};
constexpr Field kFunctionCallRows[] = {
    {"call_id", kHonoured, kString, "by which its output names it", {}, true},
    {"name", kHonoured, kString, "of the tool", {}, true},
    {"namespace", kHonoured, kString, "in which it is"},
    {"arguments", kHonoured, kString, "of a function: JSON as text"},
    {"input", kHonoured, kString, "of a custom tool: its text"},
};
constexpr Field kFunctionOutputRows[] = {
    {"call_id", kHonoured, kString, "of which call", {}, true},
    {"output", kHonoured, kTextOrParts, "the result", {}, true},
};
constexpr Field kReasoningItemRows[] = {
    {"summary", kHonoured, R"({"type":"array"})", "what it thought, in short"},
    {"content", kHonoured, R"({"type":"array"})", "what it thought"},
    {"encrypted_content", kHonoured, kString, "the thought, as it was sealed here"},
};
constexpr Field kToolRows[] = {{"type", kHonoured, kString, "what it is", {}, true}};
constexpr Field kFlatFunctionRows[] = {
    {"name", kHonoured, kToolName, "of the tool", {}, true},
    {"description", kHonoured, kString, "what it is good for"},
    {"parameters", kHonoured, kObject, "JSON Schema of its arguments"},
    {"strict", kHonoured, kBoolean, "a keyword of its schema that cannot be enforced is refused"},
    {"defer_loading", kHint, kAnyValue, "all are told of at once"},
};
constexpr Field kCustomToolRows[] = {
    {"name", kHonoured, kToolName, "of the tool", {}, true},
    {"description", kHonoured, kString, "what it is good for"},
    {"format", kHonoured, kObject,
     "text, or a grammar: a regular expression is enforced, Lark is ignored and named"},
};
constexpr Field kNamespaceRows[] = {
    {"name", kHonoured, kString, "before its tools' names", {}, true},
    {"description", kHint, kAnyValue, "its tools have their own"},
    {"tools", kHonoured, R"({"type":"array","items":{"type":"object"}})", "functions", {}, true},
};

}  // namespace

const ObjectFields kResponsesRequestFields{"ResponsesRequest", {kRequestRows}};
const ObjectFields kResponsesReasoningFields{"ResponsesReasoning", {kReasoningRows}, true};
const ObjectFields kResponsesTextFields{"ResponsesText", {kTextRows}, true};
const ObjectFields kInputMessageFields{"InputMessage", {kItemRows, kMessageRows}, true};
const ObjectFields kInputPartFields{"InputPart", {kPartRows}, true};
const ObjectFields kFunctionCallItemFields{"CallItem", {kItemRows, kFunctionCallRows}, true};
const ObjectFields kFunctionOutputFields{"CallOutputItem", {kItemRows, kFunctionOutputRows}, true};
const ObjectFields kReasoningItemFields{"ReasoningItem", {kItemRows, kReasoningItemRows}, true};
const ObjectFields kFlatFunctionFields{"FlatFunction", {kToolRows, kFlatFunctionRows}, true};
const ObjectFields kCustomToolFields{"CustomTool", {kToolRows, kCustomToolRows}, true};
const ObjectFields kNamespaceFields{"ToolNamespace", {kToolRows, kNamespaceRows}, true};

FieldTables responses_fields() {
  static constexpr const ObjectFields* kAll[] = {
      &kResponsesRequestFields, &kResponsesReasoningFields, &kResponsesTextFields,
      &kInputMessageFields,     &kInputPartFields,          &kFunctionCallItemFields,
      &kFunctionOutputFields,   &kReasoningItemFields,      &kFlatFunctionFields,
      &kCustomToolFields,       &kNamespaceFields};
  return kAll;
}

}  // namespace sanctum::gateway
