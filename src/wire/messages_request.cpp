// JSON spelling of what the gateway asks of the engine.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "wire/messages.h"
#include "wire/sampling.h"

namespace sanctum::wire {
namespace {

constexpr std::size_t kRequestIdBytesMax = 128;
constexpr std::size_t kModelNameBytesMax = 512;
constexpr std::size_t kPromptIdsMax = 1 << 22;
constexpr int kReadyTimeoutMsMax = 24 * 3600 * 1000;

std::string name_at(const json::Node& object, std::string_view key, std::size_t bytes_max) {
  const json::Node node = object.at(key);
  std::string text = node.as_string();
  if (text.empty()) node.fail("must not be empty");
  if (text.size() > bytes_max)
    node.fail("must have at most " + std::to_string(bytes_max) + " bytes");
  return text;
}

bool is_picture(const json::Node& part) {
  if (!part.is_object()) return false;
  const auto type = part.get("type");
  return type && type->is_string() && type->as_string() == "image";
}

// Copies messages, handing every picture part to `picture` instead of copying it.
template <class Picture>
std::string rewrite_messages(const json::Node& messages, Picture picture) {
  json::Writer w;
  w.begin_array();
  for (const auto& message : messages.as_array(kMessagesMax)) {
    w.begin_object();
    for (const auto& [key, value] : message.members()) {
      w.key(key);
      if (key != "content" || !value.is_array()) {
        w.raw(value.dump());
        continue;
      }
      w.begin_array();
      for (const auto& part : value.as_array()) {
        if (is_picture(part)) {
          picture(part, w);
        } else {
          w.raw(part.dump());
        }
      }
      w.end_array();
    }
    w.end_object();
  }
  w.end_array();
  return w.take();
}

void write_sampling(json::Writer& w, const Sampling& s) {
  w.begin_object();
  write_choice(w, s);
  w.field("presence_penalty", s.presence_penalty).field("frequency_penalty", s.frequency_penalty);
  if (!s.logit_bias.empty()) {
    w.key("logit_bias").begin_object();
    for (const auto& [id, bias] : s.logit_bias) w.field(std::to_string(id), bias);
    w.end_object();
  }
  if (s.seed) w.field("seed", *s.seed);
  if (!s.stop.empty()) {
    w.key("stop").begin_array();
    for (const auto& text : s.stop) w.value(text);
    w.end_array();
  }
  if (!s.stop_token_ids.empty()) {
    w.key("stop_token_ids").begin_array();
    for (const int id : s.stop_token_ids) w.value(id);
    w.end_array();
  }
  if (s.ignore_eos) w.field("ignore_eos", true);
  if (s.max_tokens > 0) w.field("max_tokens", s.max_tokens);
  if (s.top_logprobs >= 0) w.field("top_logprobs", s.top_logprobs);
  w.end_object();
}

constexpr std::pair<StructureKind, std::string_view> kStructureKinds[] = {
    {StructureKind::kNone, "none"},
    {StructureKind::kJsonObject, "json_object"},
    {StructureKind::kJsonSchema, "json_schema"},
    {StructureKind::kRegex, "regex"},
    {StructureKind::kChoice, "choice"},
    {StructureKind::kLark, "lark"}};

Structure decode_structure(const json::Node& node) {
  node.only({"kind", "text", "lenient"});
  Structure structure;
  const json::Node kind = node.at("kind");
  const std::string name = kind.as_string();
  const auto* found = std::find_if(std::begin(kStructureKinds), std::end(kStructureKinds),
                                   [&](const auto& row) { return row.second == name; });
  if (found == std::end(kStructureKinds)) kind.fail("is no kind of structure");
  structure.kind = found->first;
  structure.text = node.at("text").as_string();
  if (structure.text.size() > kStructureBytesMax)
    node.at("text").fail("must have at most " + std::to_string(kStructureBytesMax) + " bytes");
  structure.lenient = node.as_bool_or("lenient", false);
  return structure;
}

}  // namespace

std::string_view to_string(StructureKind kind) {
  for (const auto& [value, name] : kStructureKinds)
    if (value == kind) return name;
  return "none";
}

std::string encode(const GenerateRequest& r) {
  json::Writer w;
  w.begin_object().field("request", r.request).field("model", r.model);
  if (!r.messages_json.empty()) {
    const json::Document document(r.messages_json, "messages", json::kOwnDepthMax);
    std::size_t next = 0;
    w.key("messages")
        .raw(rewrite_messages(document.root(), [&](const json::Node& part, json::Writer& out) {
          if (next >= r.images.size()) part.fail("has no picture");
          out.begin_object()
              .field("type", "image")
              .field("data", base64_encode(r.images[next++]))
              .end_object();
        }));
  }
  if (!r.tools_json.empty()) w.key("tools").raw(r.tools_json);
  if (!r.template_options_json.empty()) w.key("template_options").raw(r.template_options_json);
  if (r.parse_tool_calls) w.field("parse_tool_calls", true);
  if (!r.tool_use.is_usual()) {
    w.key("tool_use").begin_object().field("required", r.tool_use.required);
    w.field("parallel", r.tool_use.parallel).key("names").begin_array();
    for (const auto& name : r.tool_use.names) w.value(name);
    w.end_array().end_object();
  }
  if (r.structure.kind != StructureKind::kNone) {
    w.key("structure").begin_object().field("kind", to_string(r.structure.kind));
    w.field("text", r.structure.text).field("lenient", r.structure.lenient).end_object();
  }
  if (r.thought_tokens_max) w.field("thought_tokens_max", *r.thought_tokens_max);
  if (r.prompt) w.field("prompt", *r.prompt);
  if (!r.prompt_ids.empty()) {
    w.key("prompt_ids").begin_array();
    for (const int id : r.prompt_ids) w.value(id);
    w.end_array();
  }
  if (!r.resume_ids.empty()) {
    w.key("resume_ids").begin_array();
    for (const int id : r.resume_ids) w.value(id);
    w.end_array();
  }
  if (r.again) w.field("again", true);
  if (!r.files.empty()) w.field("files", r.files);
  w.key("sampling");
  write_sampling(w, r.sampling);
  if (r.ready_timeout_ms > 0) w.field("ready_timeout_ms", r.ready_timeout_ms);
  if (r.reserved) w.field("reserved", true);
  if (r.tells_progress) w.field("tells_progress", true);
  if (r.count_only) w.field("count_only", true);
  w.end_object();
  return w.take();
}

GenerateRequest decode_generate(const json::Node& params) {
  params.only({"request", "model", "messages", "tools", "template_options", "parse_tool_calls",
               "tool_use", "structure", "prompt", "prompt_ids", "resume_ids", "again", "files",
               "sampling", "ready_timeout_ms", "reserved", "count_only", "tells_progress",
               "thought_tokens_max"});
  GenerateRequest r;
  r.request = name_at(params, "request", kRequestIdBytesMax);
  r.model = name_at(params, "model", kModelNameBytesMax);
  const auto messages = params.get("messages");
  const auto prompt = params.get("prompt");
  const auto prompt_ids = params.get("prompt_ids");
  if (int(messages.has_value()) + int(prompt.has_value()) + int(prompt_ids.has_value()) != 1) {
    throw Error(ErrorCode::kInvalid,
                "exactly one of 'messages', 'prompt' and 'prompt_ids' is required", "messages");
  }
  if (messages) {
    r.messages_json = rewrite_messages(*messages, [&](const json::Node& part, json::Writer& out) {
      if (r.images.size() == kImagesMax) {
        part.fail("is one picture more than the " + std::to_string(kImagesMax) + " allowed");
      }
      const json::Node data = part.at("data");
      auto bytes = base64_decode(data.as_string());
      if (!bytes) data.fail("must be base64");
      if (bytes->size() > kImageBytesMax) {
        data.fail("must have at most " + std::to_string(kImageBytesMax) + " bytes");
      }
      r.images.push_back(std::move(*bytes));
      r.image_paths.push_back(part.path());
      out.begin_object().field("type", "image").end_object();
    });
    if (r.messages_json == "[]") messages->fail("must not be empty");
  }
  if (prompt) r.prompt = prompt->as_string();
  if (prompt_ids) {
    for (const auto& id : prompt_ids->as_array(kPromptIdsMax)) {
      r.prompt_ids.push_back(static_cast<int>(id.as_int(0, kTokenIdMax)));
    }
    if (r.prompt_ids.empty()) prompt_ids->fail("must not be empty");
  }
  if (const auto tools = params.get("tools")) {
    tools->as_array();
    r.tools_json = tools->dump();
  }
  if (const auto options = params.get("template_options")) {
    options->members();
    r.template_options_json = options->dump();
  }
  r.parse_tool_calls = params.as_bool_or("parse_tool_calls", false);
  if (const auto use = params.get("tool_use")) {
    use->only({"required", "parallel", "names"});
    r.tool_use.required = use->as_bool_or("required", false);
    r.tool_use.parallel = use->as_bool_or("parallel", true);
    for (const auto& name : use->at("names").as_array(kToolsMax))
      r.tool_use.names.push_back(name.as_string());
  }
  if (const auto structure = params.get("structure")) r.structure = decode_structure(*structure);
  if (const auto budget = params.get("thought_tokens_max"))
    r.thought_tokens_max = static_cast<int>(budget->as_int(0, kMaxTokensMax));
  if (const auto sampling = params.get("sampling")) {
    sampling->only({"top_logprobs"}, kSamplingFields);
    r.sampling = read_sampling(*sampling);
    if (const auto top = sampling->get("top_logprobs")) {
      r.sampling.top_logprobs = static_cast<int>(top->as_int(-1, kTopLogprobsMax));
    }
  }
  if (const auto said = params.get("resume_ids")) {
    for (const auto& id : said->as_array(kMaxTokensMax))
      r.resume_ids.push_back(static_cast<int>(id.as_int(0, kTokenIdMax)));
    if (!r.sampling.seed) said->fail("needs the seed that the answer began with");
  }
  r.again = params.as_bool_or("again", false);
  r.files = params.as_string_or("files", "");
  if (const auto timeout = params.get("ready_timeout_ms")) {
    r.ready_timeout_ms = static_cast<int>(timeout->as_int(0, kReadyTimeoutMsMax));
  }
  r.reserved = params.as_bool_or("reserved", false);
  r.tells_progress = params.as_bool_or("tells_progress", false);
  r.count_only = params.as_bool_or("count_only", false);
  return r;
}

std::string encode(const LoadRequest& r) {
  json::Writer w;
  w.begin_object().field("model", r.model).field("path", r.path).end_object();
  return w.take();
}

LoadRequest decode_load(const json::Node& params) {
  params.only({"model", "model_id", "path"});
  LoadRequest r;
  // From a shell one name is enough: the directory is the name.
  r.model = name_at(params, params.has("model_id") ? "model_id" : "model", kModelNameBytesMax);
  r.path = params.as_string_or("path", r.model);
  if (r.path.find('\0') != std::string::npos) params.at("path").fail("must not hold a zero byte");
  return r;
}

std::string encode(const TokenizeRequest& r) {
  json::Writer w;
  w.begin_object().field("model", r.model).field("text", r.text);
  w.field("add_special", r.add_special).end_object();
  return w.take();
}

TokenizeRequest decode_tokenize(const json::Node& params) {
  params.only({"model", "text", "add_special"});
  TokenizeRequest r;
  r.model = name_at(params, "model", kModelNameBytesMax);
  r.text = params.at("text").as_string();
  r.add_special = params.as_bool_or("add_special", false);
  return r;
}

}  // namespace sanctum::wire
