#include "gateway/anthropic_fields.h"

namespace sanctum::gateway {
namespace {

using enum FieldClass;

constexpr Field kRequestRows[] = {
    {"model", kHonoured, R"({"type":"string","minLength":1})",
     "which model; may be left out where one is served"},
    {"max_tokens", kHonoured, R"({"type":"integer","minimum":1})", "the answer's length", {}, true},
    {"messages",
     kHonoured,
     R"({"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Turn"}})",
     "the conversation",
     {},
     true},
    {"system", kHonoured, kTextOrParts,
     "what stands before it; a block that is only a billing header is left out"},
    {"stream", kHonoured, kBoolean, "the answer as events, as it comes"},
    {"stop_sequences", kHonoured, R"({"type":"array","items":{"type":"string","minLength":1}})",
     "texts that end the answer, not part of it"},
    {"temperature", kHonoured, R"({"type":"number","minimum":0,"maximum":2})", "0: the likeliest"},
    {"top_p", kHonoured, R"({"type":"number","minimum":0,"maximum":1})",
     "of the likeliest tokens that together have this probability"},
    {"top_k", kHonoured, R"({"type":"integer","minimum":-1,"maximum":1073741823})",
     "of the k likeliest tokens"},
    {"tools", kHonoured,
     R"({"type":"array","maxItems":128,"items":{"$ref":"#/components/schemas/ClientTool"}})",
     "what the model may call"},
    {"tool_choice", kHonoured, R"({"$ref":"#/components/schemas/ClientToolChoice"})",
     "whether it may"},
    {"thinking", kHonoured, R"({"$ref":"#/components/schemas/Thinking"})",
     "whether it thinks first: the template's enable_thinking"},
    {"output_config", kHonoured, R"({"$ref":"#/components/schemas/OutputConfig"})",
     "how much it thinks, and what binds the answer"},
    {"output_format", kHonoured, kObject, "the older place of output_config.format"},
    {"cache_control", kHint, kAnyValue, "prefixes are found by their tokens"},
    {"metadata", kHint, kAnyValue, "the client's own"},
    {"service_tier", kHint, kAnyValue, "what Anthropic charges"},
    {"betas", kHint, kAnyValue, "what is there needs none"},
    {"anthropic_beta", kHint, kAnyValue, "what is there needs none"},
    {"inference_geo", kHint, kAnyValue, "it is computed here"},
    {"speed", kHint, kAnyValue, "it is as fast as it can be"},
    {"context_management", kHint, kAnyValue, "the history stays as it is sent"},
    {"diagnostics", kHint, kAnyValue, "the client's own"},
    {"container", kNeutral, kAnyValue, "is not supported: nothing is run here", "[]"},
    {"thread", kNeutral, kAnyValue,
     "is not supported: no conversation is kept here; send all of it with each request (the SDK's "
     "tool_runner does with thread=False)",
     "[]"},
    {"mcp_servers", kNeutral, kAnyValue, "is not supported: nothing is called from here", "[[]]"},
};

constexpr Field kOutputConfigRows[] = {
    {"effort", kHonoured, kString, "the template's variable reasoning_effort"},
    {"format", kHonoured, R"({"$ref":"#/components/schemas/ResponseFormat"})",
     "JSON of a schema: {\"type\": \"json_schema\", \"schema\": ...}"},
    {"task_budget", kHint, kAnyValue, "max_tokens is what bounds an answer"},
};
constexpr Field kThinkingRows[] = {
    {"type", kHonoured, R"({"enum":["enabled","disabled","adaptive"]})", "whether", {}, true},
    {"budget_tokens", kHonoured, R"({"type":"integer","minimum":0})",
     "tokens after which a thought is ended"},
    {"display", kHint, kAnyValue, "a thought is shown as it is"},
};
constexpr Field kTurnRows[] = {
    {"role", kHonoured, R"({"enum":["user","assistant","system"]})", "whose", {}, true},
    {"content", kHonoured, kTextOrParts, "text, or blocks", {}, true},
};
constexpr Field kBlockRows[] = {
    {"type", kHonoured, kString, "what it is", {}, true},
    {"cache_control", kHint, kAnyValue, "prefixes are found by their tokens"},
};
constexpr Field kTextBlockRows[] = {
    {"text", kHonoured, kString, "the text", {}, true},
    {"citations", kHint, kAnyValue, "of an answer that cites"},
};
constexpr Field kImageBlockRows[] = {{"source",
                                      kHonoured,
                                      R"({"$ref":"#/components/schemas/ImageSource"})",
                                      "the picture",
                                      {},
                                      true}};
constexpr Field kImageSourceRows[] = {
    {"type", kHonoured, R"({"enum":["base64","url"]})", "how it comes", {}, true},
    {"media_type", kHonoured, kString, "image/png, ..."},
    {"data", kHonoured, kString, "of base64: its bytes"},
    {"url", kHonoured, kString, "of url: its address, with --fetch-pictures on; or a data: URL"},
};
constexpr Field kToolUseRows[] = {
    {"id", kHonoured, kString, "by which its result names it"},
    {"name", kHonoured, kString, "of the tool", {}, true},
    {"input", kHonoured, kObject, "its arguments"},
    {"caller", kHint, kAnyValue, "who called"},
};
constexpr Field kToolResultRows[] = {
    {"tool_use_id", kHonoured, kString, "of which call", {}, true},
    {"content", kHonoured, kTextOrParts, "the result"},
    {"is_error", kHint, kAnyValue, "the result says so itself"},
};
constexpr Field kThinkingBlockRows[] = {
    {"thinking", kHonoured, kString, "what it thought", {}, true},
    {"signature", kHint, kAnyValue, "it is not checked"},
};
constexpr Field kClientToolRows[] = {
    {"name", kHonoured, kToolName, "of the tool", {}, true},
    {"description", kHonoured, kString, "what it is good for"},
    {"input_schema", kHonoured, kObject, "JSON Schema of its arguments", {}, true},
    {"type", kHonoured, kString, "custom, or left out"},
    {"strict", kHonoured, kBoolean, "a keyword of its schema that cannot be enforced is refused"},
    {"cache_control", kHint, kAnyValue, "prefixes are found by their tokens"},
    {"eager_input_streaming", kHint, kAnyValue, "arguments come as they are written"},
    {"input_examples", kHint, kAnyValue, "templates have no place for them"},
    {"defer_loading", kHint, kAnyValue, "all are told of at once"},
    {"allowed_callers", kHint, kAnyValue, "the client calls"},
};
constexpr Field kClientToolChoiceRows[] = {
    {"type",
     kHonoured,
     R"({"enum":["auto","any","tool","none"]})",
     "whether, or that it must",
     {},
     true},
    {"name", kHonoured, kString, "of which tool, with \"tool\""},
    {"disable_parallel_tool_use", kHonoured, kBoolean, "one call alone"},
};

}  // namespace

const ObjectFields kMessagesRequestFields{"MessagesRequest", {kRequestRows}};
const ObjectFields kOutputConfigFields{"OutputConfig", {kOutputConfigRows}, true};
const ObjectFields kThinkingFields{"Thinking", {kThinkingRows}, true};
const ObjectFields kTurnFields{"Turn", {kTurnRows}, true};
const ObjectFields kTextBlockFields{"TextBlock", {kBlockRows, kTextBlockRows}, true};
const ObjectFields kImageBlockFields{"ImageBlock", {kBlockRows, kImageBlockRows}, true};
const ObjectFields kImageSourceFields{"ImageSource", {kImageSourceRows}, true};
const ObjectFields kToolUseFields{"ToolUse", {kBlockRows, kToolUseRows}, true};
const ObjectFields kToolResultFields{"ToolResult", {kBlockRows, kToolResultRows}, true};
const ObjectFields kThinkingBlockFields{"ThinkingBlock", {kBlockRows, kThinkingBlockRows}, true};
const ObjectFields kClientToolFields{"ClientTool", {kClientToolRows}, true};
const ObjectFields kClientToolChoiceFields{"ClientToolChoice", {kClientToolChoiceRows}, true};

FieldTables anthropic_fields() {
  static constexpr const ObjectFields* kAll[] = {&kMessagesRequestFields, &kOutputConfigFields,
                                                 &kThinkingFields,        &kTurnFields,
                                                 &kTextBlockFields,       &kImageBlockFields,
                                                 &kImageSourceFields,     &kToolUseFields,
                                                 &kToolResultFields,      &kThinkingBlockFields,
                                                 &kClientToolFields,      &kClientToolChoiceFields};
  return kAll;
}

}  // namespace sanctum::gateway
