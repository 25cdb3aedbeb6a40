#include "gateway/openai_fields.h"

namespace sanctum::gateway {
namespace {

using enum FieldClass;

// As wire::kMaxTokensMax.
constexpr std::string_view kLength =
    R"({"anyOf":[{"const":-1},{"type":"integer","minimum":1,"maximum":1048576}]})";
constexpr std::string_view kThought = R"({"type":"integer","minimum":0,"maximum":1048576})";

constexpr Field kGenerationRows[] = {
    {"model", kHonoured, R"({"type":"string","minLength":1})",
     "which model; may be left out where one is served"},
    {"stream", kHonoured, kBoolean, "the answer as events, as it comes"},
    {"stream_options", kHonoured, R"({"$ref":"#/components/schemas/StreamOptions"})",
     "of a stream"},
    {"return_progress", kHonoured, kBoolean,
     "events of a stream that tell how much of a long prompt is computed, as llama.cpp's"},
    {"n", kNeutral, R"({"const":1})", "must be 1: one answer a request is given", "[1]"},
};

constexpr Field kSamplingRows[] = {
    {"temperature", kHonoured, R"({"type":"number","minimum":0,"maximum":2})", "0: the likeliest"},
    {"top_k", kHonoured, R"({"type":"integer","minimum":-1,"maximum":1073741823})",
     "of the k likeliest tokens; 0 or -1: of all"},
    {"top_p", kHonoured, R"({"type":"number","minimum":0,"maximum":1})",
     "of the likeliest tokens that together have this probability"},
    {"min_p", kHonoured, R"({"type":"number","minimum":0,"maximum":1})",
     "of tokens at least this likely, beside the likeliest"},
    {"repetition_penalty", kHonoured, R"({"type":"number","minimum":0.01,"maximum":10})",
     "1: none"},
    {"repeat_penalty", kHonoured, R"({"type":"number","minimum":0.01,"maximum":10})",
     "llama.cpp's name of repetition_penalty"},
    {"presence_penalty", kHonoured, R"({"type":"number","minimum":-2,"maximum":2})", "0: none"},
    {"frequency_penalty", kHonoured, R"({"type":"number","minimum":-2,"maximum":2})", "0: none"},
    {"logit_bias", kHonoured,
     R"({"type":"object","propertyNames":{"pattern":"^[0-9]{1,9}$"},"additionalProperties":{"type":"number","minimum":-100,"maximum":100}})",
     "by token id"},
    {"seed", kHonoured, R"({"type":"integer"})", "the same seed, the same answer"},
    {"stop", kHonoured,
     R"({"anyOf":[{"type":"string","minLength":1},{"type":"array","items":{"type":"string","minLength":1}}]})",
     "texts that end the answer, not part of it"},
    {"stop_token_ids", kHonoured, R"({"type":"array","items":{"type":"integer","minimum":0}})",
     "tokens that end the answer"},
    {"ignore_eos", kHonoured, kBoolean, "goes on past the model's own end, for measurements"},
    {"max_tokens", kHonoured, kLength, "the answer's length; -1: up to the end of the context"},
};

// What binds the answer's text; one of them.
constexpr Field kStructureRows[] = {
    {"response_format", kHonoured, R"({"$ref":"#/components/schemas/ResponseFormat"})",
     "text, any JSON object, or JSON of a schema"},
    {"structured_outputs", kHonoured, R"({"$ref":"#/components/schemas/StructuredOutputs"})",
     "vLLM's"},
    {"guided_json", kHonoured, R"({"anyOf":[{"type":"object"},{"type":"string"}]})",
     "vLLM's older name of structured_outputs.json"},
    {"guided_regex", kHonoured, kString, "of structured_outputs.regex"},
    {"guided_choice", kHonoured, R"({"type":"array","minItems":1,"items":{"type":"string"}})",
     "of structured_outputs.choice"},
    {"guided_grammar", kHonoured, kString, "of structured_outputs.grammar"},
    {"guided_decoding_backend", kHint, kAnyValue, "there is one"},
    {"guided_whitespace_pattern", kNeutral, kAnyValue, "is not supported", "[]"},
};
constexpr Field kResponseFormatRows[] = {
    {"type", kHonoured, R"({"enum":["text","json_object","json_schema"]})", "which", {}, true},
    {"json_schema", kHonoured, R"({"$ref":"#/components/schemas/JsonSchema"})", "of json_schema"},
    {"schema", kHonoured, kObject, "llama.cpp's, of json_object"},
};
constexpr Field kJsonSchemaRows[] = {
    {"schema", kHonoured, kObject, "JSON Schema of the answer"},
    {"strict", kHonoured, kBoolean, "either way it is enforced, or refused"},
    {"name", kHint, kAnyValue, "the client's own"},
    {"description", kHint, kAnyValue, "the prompt says what is wanted"},
};
constexpr Field kStructuredOutputsRows[] = {
    {"json", kHonoured, R"({"anyOf":[{"type":"object"},{"type":"string"}]})",
     "JSON of this schema"},
    {"regex", kHonoured, kString, "a text that matches"},
    {"choice", kHonoured, R"({"type":"array","minItems":1,"items":{"type":"string"}})",
     "one of these texts"},
    {"grammar", kHonoured, kString, "a text of this grammar, in Lark"},
    {"disable_fallback", kHint, kAnyValue, "there is none"},
    {"disable_any_whitespace", kNeutral, kAnyValue, "must be false", "[false]"},
};

// What other servers can do and ours does not, with the values that mean not to do it.
constexpr Field kRowsOfPeers[] = {
    {"user", kHint, kAnyValue, "whose request it is"},
    {"metadata", kHint, kAnyValue, "the client's own"},
    {"store", kHint, kAnyValue, "whether OpenAI keeps it"},
    {"service_tier", kHint, kAnyValue, "what OpenAI charges"},
    {"safety_identifier", kHint, kAnyValue, "whose request it is"},
    {"prompt_cache_key", kHint, kAnyValue, "prefixes are found by their tokens"},
    {"prompt_cache_retention", kHint, kAnyValue, "prefixes are kept as long as there is room"},
    {"prediction", kHint, kAnyValue, "makes OpenAI quicker"},
    {"cache_prompt", kHint, kAnyValue, "prefixes are found by their tokens"},
    {"cache_control", kHint, kAnyValue, "prefixes are found by their tokens"},
    {"keep_alive", kHint, kAnyValue, "models stay loaded"},
    {"ttl", kHint, kAnyValue, "models stay loaded"},
    {"num_ctx", kHint, kAnyValue, "the context is as long as the model and --kv-bytes let it be"},
    {"priority", kHint, kAnyValue, "requests are served in their order"},
    {"request_id", kHint, kAnyValue, "X-Request-Id names it"},
    {"provider", kHint, kAnyValue, "whom OpenRouter asks"},
    {"route", kHint, kAnyValue, "whom OpenRouter asks"},
    {"models", kHint, kAnyValue, "whom OpenRouter asks"},
    {"usage", kHint, kAnyValue, "OpenRouter's; stream_options.include_usage is what asks for it"},
    {"timings_per_token", kHint, kAnyValue, "the last event has them"},
    {"extra_headers", kHint, kAnyValue, "meant for the client's own library"},
    {"echo", kNeutral, kBoolean, "is not supported: the prompt does not come back", "[false]"},
    {"suffix", kNeutral, kString, "is not supported: no text is filled in before it", R"([""])"},
    {"best_of", kNeutral, R"({"const":1})", "must be 1: one answer a request is given", "[1]"},
    {"use_beam_search", kNeutral, kBoolean, "is not supported", "[false]"},
    {"length_penalty", kNeutral, kAnyValue, "is not supported: it is of beam search", "[1]"},
    {"min_tokens", kNeutral, kAnyValue, "is not supported: an answer may end at once", "[0]"},
    {"skip_special_tokens", kNeutral, kBoolean, "must be true: they are no text", "[true]"},
    {"spaces_between_special_tokens", kNeutral, kBoolean, "must be true", "[true]"},
    {"include_stop_str_in_output", kNeutral, kBoolean, "must be false", "[false]"},
    {"no_stop_trim", kNeutral, kBoolean, "must be false: a stop text is no part", "[false]"},
    {"add_generation_prompt", kNeutral, kBoolean, "must be true", "[true]"},
    {"continue_final_message", kNeutral, kBoolean,
     "must be false: an answer is a message of its own", "[false]"},
    {"separate_reasoning", kNeutral, kBoolean, "must be true: it comes as reasoning_content, apart",
     "[true]"},
    {"stream_reasoning", kNeutral, kBoolean, "must be true: it comes as it is thought", "[true]"},
    {"include_reasoning", kNeutral, kBoolean, "must be true: it comes as reasoning_content",
     "[true]"},
    {"reasoning_format", kNeutral, kString, "must be \"auto\" or \"deepseek\"",
     R"(["auto","deepseek"])"},
    {"return_hidden_states", kNeutral, kBoolean, "is not supported", "[false]"},
    {"return_token_ids", kNeutral, kBoolean, "is not supported", "[false]"},
    {"return_tokens_as_token_ids", kNeutral, kBoolean, "is not supported", "[false]"},
    {"prompt_logprobs", kNeutral, kAnyValue, "is not supported", "[0,false]"},
    {"truncate_prompt_tokens", kNeutral, kAnyValue, "is not supported: no prompt is cut", "[-1]"},
    {"typical_p", kNeutral, kAnyValue, "is not supported; send 1 or leave it out", "[1]"},
    {"top_a", kNeutral, kAnyValue, "is not supported; send 0 or leave it out", "[0]"},
    {"tfs_z", kNeutral, kAnyValue, "is not supported; send 1 or leave it out", "[1]"},
    {"mirostat", kNeutral, kAnyValue, "is not supported; send 0 or leave it out", "[0]"},
    {"dry_multiplier", kNeutral, kAnyValue, "is not supported; send 0 or leave it out", "[0]"},
    {"xtc_probability", kNeutral, kAnyValue, "is not supported; send 0 or leave it out", "[0]"},
    {"dynatemp_range", kNeutral, kAnyValue, "is not supported; send 0 or leave it out", "[0]"},
    {"dry_base", kHint, kAnyValue, "of dry_multiplier, which must be 0"},
    {"dry_allowed_length", kHint, kAnyValue, "of dry_multiplier, which must be 0"},
    {"dry_penalty_last_n", kHint, kAnyValue, "of dry_multiplier, which must be 0"},
    {"dry_sequence_breakers", kHint, kAnyValue, "of dry_multiplier, which must be 0"},
    {"xtc_threshold", kHint, kAnyValue, "of xtc_probability, which must be 0"},
    {"dynatemp_exponent", kHint, kAnyValue, "of dynatemp_range, which must be 0"},
    {"mirostat_tau", kHint, kAnyValue, "of mirostat, which must be 0"},
    {"mirostat_eta", kHint, kAnyValue, "of mirostat, which must be 0"},
    {"n_probs", kNeutral, kAnyValue, "is not supported: logprobs has them", "[0]"},
    {"logits_processors", kNeutral, kAnyValue, "is not supported", "[[]]"},
    {"lora", kNeutral, kAnyValue, "is not supported", "[[],\"\"]"},
    {"documents", kNeutral, kAnyValue, "is not supported", "[[]]"},
};

constexpr Field kChatRows[] = {
    {"messages",
     kHonoured,
     R"({"type":"array","minItems":1,"items":{"anyOf":[{"$ref":"#/components/schemas/Message"},)"
     R"({"$ref":"#/components/schemas/AssistantMessage"},{"$ref":"#/components/schemas/ToolMessage"}]}})",
     "the conversation",
     {},
     true},
    {"max_completion_tokens", kHonoured, kLength, "OpenAI's newer name of max_tokens"},
    {"logprobs", kHonoured, kBoolean, "how likely each token was"},
    {"top_logprobs", kHonoured, R"({"type":"integer","minimum":0,"maximum":20})",
     "and those that were likeliest there"},
    {"tools", kHonoured,
     R"({"type":"array","maxItems":128,"items":{"$ref":"#/components/schemas/Tool"}})",
     "functions that the model may call"},
    {"tool_choice", kHonoured,
     R"({"anyOf":[{"enum":["auto","none","required"]},{"type":"object","required":["type"]}]})",
     "whether it may, or must, or which"},
    {"parallel_tool_calls", kHonoured, kBoolean, "whether it may call several at once"},
    {"modalities", kNeutral, kAnyValue, "can only be [\"text\"]", R"([["text"],[]])"},
    {"audio", kNeutral, kAnyValue, "is not supported: answers are text", "[]"},
    {"web_search_options", kNeutral, kAnyValue, "is not supported: nothing is looked up", "[]"},
    {"functions", kHonoured,
     R"({"type":"array","maxItems":128,"items":{"$ref":"#/components/schemas/Function"}})",
     "the older form of tools"},
    {"function_call", kHonoured,
     R"({"anyOf":[{"enum":["auto","none"]},{"type":"object","required":["name"]}]})",
     "the older form of tool_choice"},
    {"chat_template", kNeutral, kAnyValue, "cannot be replaced: it is the model's own", "[]"},
    {"chat_template_kwargs", kHonoured, kObject, "variables of the model's template"},
    {"enable_thinking", kHonoured, kBoolean, "the template's switch of that name"},
    {"reasoning_effort", kHonoured, kString, "the template's variable of that name"},
    {"thinking_budget", kHonoured, kThought, "tokens after which a thought is ended"},
    {"thinking_token_budget", kHonoured, kThought, "vLLM's name of thinking_budget"},
    {"reasoning_budget", kHonoured, R"({"type":"integer","minimum":-1,"maximum":1048576})",
     "llama.cpp's name of thinking_budget; -1: none"},
    {"verbosity", kHint, kAnyValue, "OpenAI's models alone know it"},
};

constexpr Field kCompletionRows[] = {
    {"prompt",
     kHonoured,
     R"({"anyOf":[{"type":"string"},{"type":"array","minItems":1,"items":{"anyOf":[{"type":"integer","minimum":0},{"type":"string"}]}}]})",
     "a text, or token ids",
     {},
     true},
    {"logprobs", kHonoured, R"({"type":"integer","minimum":0,"maximum":5})",
     "how likely each token was, and as many of the likeliest there"},
};

constexpr Field kStreamOptionsRows[] = {
    {"include_usage", kHonoured, kBoolean, "a last event that says how many tokens it was"},
    {"include_obfuscation", kHint, kAnyValue, "pads OpenAI's events"},
    {"continuous_usage_stats", kHint, kAnyValue, "the last event has them"},
};

constexpr Field kMessageRows[] = {
    {"role",
     kHonoured,
     R"({"enum":["system","developer","user","assistant","tool","function"]})",
     "whose",
     {},
     true},
    {"name", kHonoured, kString, "whose, among several"},
    {"prefix", kNeutral, kBoolean, "must be false: an answer is a message of its own", "[false]"},
    {"partial", kNeutral, kBoolean, "must be false: an answer is a message of its own", "[false]"},
};

constexpr Field kContentRows[] = {
    {"content", kHonoured, kTextOrParts, "text, or parts: text and pictures", {}, true},
};

constexpr Field kAssistantRows[] = {
    {"content", kHonoured,
     R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"object"}},{"type":"null"}]})",
     "what it said; nothing where it called"},
    {"tool_calls", kHonoured,
     R"({"type":"array","items":{"$ref":"#/components/schemas/ToolCall"}})", "what it called"},
    {"reasoning_content", kHonoured, kString, "what it thought before"},
    {"reasoning", kHonoured, kString, "OpenRouter's name of reasoning_content"},
    {"refusal", kHint, kAnyValue, "of an answer that OpenAI refused"},
    {"annotations", kHint, kAnyValue, "of an answer that cites"},
    {"audio", kNeutral, kAnyValue, "is not supported: messages are text", "[]"},
    {"function_call", kHonoured, R"({"$ref":"#/components/schemas/CalledFunction"})",
     "the older form of tool_calls"},
};

constexpr Field kToolMessageRows[] = {
    {"tool_call_id", kHonoured, kString, "of which call this is the result"},
};

constexpr Field kPartRows[] = {
    {"type", kHonoured, R"({"enum":["text","image_url"]})", "what it is", {}, true},
};
constexpr Field kTextPartRows[] = {{"text", kHonoured, kString, "the text", {}, true}};
constexpr Field kRefusalPartRows[] = {
    {"refusal", kHonoured, kString, "what was said instead", {}, true}};
constexpr Field kPicturePartRows[] = {
    {"image_url",
     kHonoured,
     R"({"anyOf":[{"type":"string"},{"$ref":"#/components/schemas/ImageUrl"}]})",
     "the picture",
     {},
     true},
};
constexpr Field kImageUrlRows[] = {
    {"url", kHonoured, kString, "data:image/...;base64,...", {}, true},
    {"detail", kHint, kAnyValue, "pictures are seen as the model sees them"},
};

constexpr Field kToolCallRows[] = {
    {"id", kHonoured, kString, "by which its result names it"},
    {"type", kHonoured, R"({"const":"function"})", "what was called"},
    {"function",
     kHonoured,
     R"({"$ref":"#/components/schemas/CalledFunction"})",
     "the call",
     {},
     true},
};
constexpr Field kCalledFunctionRows[] = {
    {"name", kHonoured, kString, "of the function", {}, true},
    {"arguments",
     kHonoured,
     R"({"anyOf":[{"type":"string"},{"type":"object"}]})",
     "JSON as text; what is none goes on as the text that it is",
     {},
     true},
};
constexpr Field kToolRows[] = {
    {"type", kHonoured, R"({"const":"function"})", "what it is", {}, true},
    {"function",
     kHonoured,
     R"({"$ref":"#/components/schemas/Function"})",
     "the function",
     {},
     true},
};
constexpr Field kFunctionRows[] = {
    {"name", kHonoured, kToolName, "of the function", {}, true},
    {"description", kHonoured, kString, "what it is good for"},
    {"parameters", kHonoured, kObject, "JSON Schema of its arguments"},
    {"strict", kHonoured, kBoolean, "a keyword of its schema that cannot be enforced is refused"},
};

}  // namespace

const ObjectFields kChatRequestFields{
    "ChatRequest", {kGenerationRows, kSamplingRows, kStructureRows, kChatRows, kRowsOfPeers}};
const ObjectFields kCompletionRequestFields{
    "CompletionRequest",
    {kGenerationRows, kSamplingRows, kStructureRows, kCompletionRows, kRowsOfPeers}};
const ObjectFields kStreamOptionsFields{"StreamOptions", {kStreamOptionsRows}};
const ObjectFields kMessageFields{"Message", {kMessageRows, kContentRows}, true};
const ObjectFields kAssistantMessageFields{
    "AssistantMessage", {kMessageRows, kAssistantRows}, true};
const ObjectFields kToolMessageFields{
    "ToolMessage", {kMessageRows, kContentRows, kToolMessageRows}, true};
const ObjectFields kTextPartFields{"TextPart", {kPartRows, kTextPartRows}, true};
const ObjectFields kRefusalPartFields{"RefusalPart", {kPartRows, kRefusalPartRows}, true};
const ObjectFields kPicturePartFields{"PicturePart", {kPartRows, kPicturePartRows}, true};
const ObjectFields kImageUrlFields{"ImageUrl", {kImageUrlRows}, true};
const ObjectFields kToolCallFields{"ToolCall", {kToolCallRows}, true};
const ObjectFields kCalledFunctionFields{"CalledFunction", {kCalledFunctionRows}, true};
const ObjectFields kToolFields{"Tool", {kToolRows}, true};
const ObjectFields kFunctionFields{"Function", {kFunctionRows}, true};
const ObjectFields kResponseFormatFields{"ResponseFormat", {kResponseFormatRows}};
const ObjectFields kJsonSchemaFields{"JsonSchema", {kJsonSchemaRows}};
const ObjectFields kStructuredOutputsFields{"StructuredOutputs", {kStructuredOutputsRows}};

FieldTables openai_fields() {
  static constexpr const ObjectFields* kAll[] = {
      &kChatRequestFields, &kCompletionRequestFields, &kStreamOptionsFields,
      &kMessageFields,     &kAssistantMessageFields,  &kToolMessageFields,
      &kTextPartFields,    &kRefusalPartFields,       &kPicturePartFields,
      &kImageUrlFields,    &kToolCallFields,          &kCalledFunctionFields,
      &kToolFields,        &kFunctionFields,          &kResponseFormatFields,
      &kJsonSchemaFields,  &kStructuredOutputsFields};
  return kAll;
}

}  // namespace sanctum::gateway
