// The types that cross from gateway to engine and back. The only place where their JSON spelling
// is known is messages_*.cpp (and failure.cpp, sampling.cpp).
//
// On the socket: JSON-RPC 2.0, one message a line (framing in rpc.h).
//   requests       load_model unload_model models generate cancel tokenize stats shutdown
//   notifications  load_progress tokens completed
// `generate` is answered as soon as the request is accepted or refused; its output follows as rows
// of `tokens` frames (one frame a step carries all rows) and ends with exactly one `completed`.
// `load_model` is answered with the ModelInfo once it is ready (or its failure), `models` with
// {"models":[ModelInfo]}, `stats` with EngineStats, `tokenize` with {"ids":[...]}; `cancel`
// {"request"}, `unload_model` {"model"}, `set_switches` (switches.h) and `shutdown` {} with {}. A
// picture of `generate` is the part {"type":"image","data":"<base64 of the file>"} in its message.
//
// Decoders throw Error(kInvalid) naming the field. Values only; no thread owns anything here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "wire/states.h"
#include "wire/switches.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::wire {

// Limits on one request; the gateway refuses beyond them before the engine hears of it.
inline constexpr std::size_t kFrameBytesMax = 96u << 20;  // one line on the socket
inline constexpr std::size_t kMessagesMax = 4096;
inline constexpr std::size_t kImagesMax = 64;
inline constexpr std::size_t kImageBytesMax = 32u << 20;  // encoded bytes of one picture
inline constexpr std::size_t kStopStringsMax = 16;
inline constexpr std::size_t kLogitBiasMax = 1024;
inline constexpr int kTopLogprobsMax = 20;
inline constexpr int kMaxTokensMax = 1 << 20;

// How tokens are drawn, as a request or a model's maker chooses it; nothing where it is left to
// others.
struct SamplingChoice {
  std::optional<double> temperature;  // 0 is greedy
  std::optional<int> top_k;           // 0 is off
  std::optional<double> top_p, min_p;
  std::optional<double> repetition_penalty;  // 1 is off; of prompt and output, as transformers'
};

struct Sampling : SamplingChoice {
  double presence_penalty = 0.0;  // over the output, as OpenAI defines it
  double frequency_penalty = 0.0;
  std::map<int, double> logit_bias;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;
  std::vector<int> stop_token_ids;
  bool ignore_eos = false;
  int max_tokens = 0;     // 0: up to the end of the context
  int top_logprobs = -1;  // -1: no logprobs; 0: of the chosen token only
};

// What binds an answer's text.
enum class StructureKind { kNone, kJsonObject, kJsonSchema, kRegex, kChoice, kLark };
std::string_view to_string(StructureKind kind);
struct Structure {
  StructureKind kind = StructureKind::kNone;
  std::string text;      // a JSON schema, a regular expression, a JSON array of texts, Lark
  bool lenient = false;  // keywords that cannot be enforced are left out, not refused
};
inline constexpr std::size_t kStructureBytesMax = 1u << 20;
inline constexpr std::size_t kChoicesMax = 1024;  // of StructureKind::kChoice

// How the tools of a request may be called.
struct ToolUse {
  bool required = false;                // the answer is calls
  bool parallel = true;                 // several of them
  std::vector<std::string> names = {};  // of those that may be called; empty: all
  bool is_usual() const { return !required && parallel && names.empty(); }
};
inline constexpr std::size_t kToolsMax = 128;
inline constexpr std::size_t kIgnoredMax = 32;  // of what Accepted names

struct GenerateRequest {
  std::string request;  // chosen by the caller, unique among live requests
  std::string model;
  // Either a chat ...
  std::string messages_json;        // array as OpenAI's; a picture is {"type":"image"} in order
  std::vector<std::string> images;  // encoded file bytes, one per picture part
  std::vector<std::string> image_paths;  // "messages[0].content[1]" of each, set by the decoder
  std::string tools_json;                // array, or empty
  std::string template_options_json;     // object of extra template variables, or empty
  bool parse_tool_calls = false;
  ToolUse tool_use;
  Structure structure;                    // of the answer, behind its reasoning
  std::optional<int> thought_tokens_max;  // of its reasoning, which is ended then
  // ... or a raw prompt, as text or as token ids.
  std::optional<std::string> prompt;
  std::vector<int> prompt_ids;
  // The beginning of the answer, said by an engine that is gone: it goes on behind it, and nothing
  // of it is said again.
  std::vector<int> resume_ids;
  // An engine that is gone had accepted it: it has its place, whatever this one holds.
  bool again = false;
  // The files that the beginning was computed with (Accepted::files): it goes on with no others.
  std::string files;
  Sampling sampling;
  int ready_timeout_ms =
      0;                  // how long to wait for a model that is loading; 0: the engine's default
  bool reserved = false;  // takes the place kept free for probes, before all others
  bool tells_progress = false;  // of its prompt, in rows without ids
  bool count_only = false;  // ends once its prompt is made: Completed::usage says how long it is
};

struct Accepted {
  std::string request;
  int prompt_tokens = 0;
  int image_tokens = 0;
  std::uint64_t seed = 0;  // the seed in force, drawn where none was given
  std::string files;       // names the state of the model's files
  int context_tokens = 0;  // of the model
  // What of the request changes nothing with this model, in words: "not enforced: propertyNames",
  // "not in the template: reasoning_effort".
  std::vector<std::string> ignored = {};
};

struct TokenLogprob {
  int id = 0;
  std::string bytes;  // the token's own bytes, perhaps a part of a character
  double logprob = 0;
};
struct PositionLogprobs {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;  // best first
};

struct ToolCallDelta {
  int index = 0;
  std::string id;         // with the first delta of a call
  std::string name;       // with the first delta of a call
  std::string arguments;  // a piece of JSON text
};

// What one step added to one request. Text is whole UTF-8 characters and already past stop strings.
struct RowDelta {
  std::string request;
  std::vector<int> ids;
  std::string content;
  std::string reasoning;
  std::vector<ToolCallDelta> tool_calls;
  std::vector<PositionLogprobs> logprobs;
  int at = 0;  // how many of the answer's tokens came before `ids`, resumed ones included
  // Of the prompt that is computed still, what is done, and of that what was cached: for who asked
  // (GenerateRequest::tells_progress). 0: nothing is told.
  int prompt_done = 0, prompt_cached = 0;
};
// Nothing for the client to read: a token's text may not be whole yet.
bool is_silent(const RowDelta& row);
struct TokensFrame {
  std::uint64_t step = 0;
  std::vector<RowDelta> rows;
};

struct Usage {
  int prompt_tokens = 0;
  int completion_tokens = 0;
  int cached_tokens = 0;
  int image_tokens = 0;      // part of prompt_tokens
  int reasoning_tokens = 0;  // part of completion_tokens
};

// Phases of one request in microseconds, of the engine that ended it: queue until its first step,
// encoding of its pictures, prefill until the first token is chosen, decode until the last.
struct Timings {
  std::int64_t queue_us = 0;
  std::int64_t vision_us = 0;
  std::int64_t prefill_us = 0;
  std::int64_t decode_us = 0;
};

struct Failure {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string field;
};

struct Completed {
  std::string request;
  FinishReason finish_reason = FinishReason::kStop;
  std::string stop_string;  // the stop string that ended it, if one did
  Usage usage;
  Timings timings;
  std::optional<Failure> failure;  // with FinishReason::kError
  RowDelta last;                   // what was held back until the end; no ids
};

struct LoadRequest {
  std::string model;  // the name requests will use
  std::string path;   // directory with config.json and safetensors
};
struct LoadProgress {
  std::string model;
  std::string phase;  // config, tokenizer, weights, ready, failed
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
};

struct ModelInfo {
  std::string model;
  std::string path;
  ModelStage state = ModelStage::kLoading;
  std::string architecture;
  bool vision = false;
  int context_tokens = 0;
  int vocabulary = 0;
  std::string quantization;      // "8-bit group 64", "none"
  std::string kernels;           // what it computes with: "mlx", "cpu avx2"
  bool same_under_load = false;  // its answers do not depend on what else is served
  std::uint64_t weight_bytes = 0;
  std::int64_t load_us = 0;
  std::int64_t created_unix_s = 0;
  std::optional<Failure> failure;
  std::string numbers = {};        // changes when the same weights may say something else
  bool tools = false;              // its chat template knows of tools
  std::string no_chat = {};        // why it answers prompts alone; empty where it answers chats
  SamplingChoice sampling = {};    // what its maker chose, for what requests leave out
  int own_context_tokens = 0;      // where memory for keys and values made it shorter
  std::uint64_t loaded_bytes = 0;  // of its files, while it loads
  std::uint64_t load_bytes = 0;    // of them all; 0 until it is known
};

struct EngineStats {
  std::uint64_t steps = 0;
  std::uint64_t requests_completed = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  int running = 0;
  int waiting = 0;
  int sequences_max = 0;
  int queue_max = 0;
  std::uint64_t kv_bytes = 0;      // of running sequences
  std::uint64_t prefix_bytes = 0;  // of the prefix cache; those of running sequences count in both
  std::uint64_t packed_bytes = 0;  // of weights in our kernels' own form
  std::uint64_t arena_bytes = 0;   // of our kernels' keys and values: pages that were ever used
  std::uint64_t active_bytes = 0;  // MLX's own count, as the two below
  std::uint64_t cache_bytes = 0;
  std::uint64_t peak_bytes = 0;
  std::uint64_t held_bytes = 0;       // packed, arena, active and cache together
  std::uint64_t footprint_bytes = 0;  // of the engine's process, by the system's count
  std::string device;
  std::string version;
  Switches switches = {};
  int threads = 0;  // of our kernels; 0 where MLX's operations compute
};

struct TokenizeRequest {
  std::string model;
  std::string text;
  bool add_special = false;
};

// --- JSON spelling -----------------------------------------------------------------------------

std::string encode(const GenerateRequest&);  // pictures travel as base64 in their message part
GenerateRequest decode_generate(const json::Node& params);
std::string encode(const Accepted&);
Accepted decode_accepted(const json::Node& result);
std::string encode(const TokensFrame&);
TokensFrame decode_tokens(const json::Node& params);
std::string encode(const Completed&);
Completed decode_completed(const json::Node& params);
std::string encode(const LoadRequest&);
LoadRequest decode_load(const json::Node& params);
std::string encode(const LoadProgress&);
LoadProgress decode_load_progress(const json::Node& params);
std::string encode(const ModelInfo&);
ModelInfo decode_model_info(const json::Node&);
std::string encode(const std::vector<ModelInfo>&);
std::vector<ModelInfo> decode_models(const json::Node& result);
std::string encode(const EngineStats&);
EngineStats decode_stats(const json::Node& result);
std::string encode(const TokenizeRequest&);
TokenizeRequest decode_tokenize(const json::Node& params);

}  // namespace sanctum::wire
