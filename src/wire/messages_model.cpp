// JSON spelling of what the engine says about its models and itself.
#include "base/json.h"
#include "wire/failure.h"
#include "wire/messages.h"
#include "wire/sampling.h"

namespace sanctum::wire {
namespace {

constexpr int kCountMax = 1 << 30;
constexpr std::size_t kModelsMax = 1024;

int count_or(const json::Node& object, std::string_view key) {
  const auto node = object.get(key);
  return node ? static_cast<int>(node->as_int(0, kCountMax)) : 0;
}

std::uint64_t unsigned_or(const json::Node& object, std::string_view key) {
  const auto node = object.get(key);
  return node ? node->as_uint64() : 0;
}

}  // namespace

std::string encode(const LoadProgress& p) {
  json::Writer w;
  w.begin_object().field("model", p.model).field("phase", p.phase);
  w.field("bytes_done", p.bytes_done).field("bytes_total", p.bytes_total).end_object();
  return w.take();
}

LoadProgress decode_load_progress(const json::Node& params) {
  LoadProgress p;
  p.model = params.at("model").as_string();
  p.phase = params.at("phase").as_string();
  p.bytes_done = unsigned_or(params, "bytes_done");
  p.bytes_total = unsigned_or(params, "bytes_total");
  return p;
}

std::string encode(const ModelInfo& m) {
  json::Writer w;
  w.begin_object().field("model", m.model).field("path", m.path).field("state", to_string(m.state));
  w.field("architecture", m.architecture).field("vision", m.vision);
  w.field("context_tokens", m.context_tokens).field("vocabulary", m.vocabulary);
  w.field("quantization", m.quantization).field("weight_bytes", m.weight_bytes);
  w.field("kernels", m.kernels).field("same_under_load", m.same_under_load);
  w.field("numbers", m.numbers).field("tools", m.tools);
  if (!m.no_chat.empty()) w.field("no_chat", m.no_chat);
  w.key("sampling").begin_object();
  write_choice(w, m.sampling);
  w.end_object();
  w.field("load_us", m.load_us).field("created_unix_s", m.created_unix_s);
  if (m.own_context_tokens != 0) w.field("own_context_tokens", m.own_context_tokens);
  if (m.state == ModelStage::kLoading)
    w.field("loaded_bytes", m.loaded_bytes).field("load_bytes", m.load_bytes);
  if (m.failure) w.key("failure").raw(encode(*m.failure));
  w.end_object();
  return w.take();
}

ModelInfo decode_model_info(const json::Node& node) {
  ModelInfo m;
  m.model = node.at("model").as_string();
  m.path = node.as_string_or("path", "");
  const json::Node state = node.at("state");
  const auto stage = model_stage(state.as_string());
  if (!stage) state.fail("is no state of a model");
  m.state = *stage;
  m.architecture = node.as_string_or("architecture", "");
  m.vision = node.as_bool_or("vision", false);
  m.context_tokens = count_or(node, "context_tokens");
  m.own_context_tokens = count_or(node, "own_context_tokens");
  m.vocabulary = count_or(node, "vocabulary");
  m.quantization = node.as_string_or("quantization", "");
  m.kernels = node.as_string_or("kernels", "");
  m.same_under_load = node.as_bool_or("same_under_load", false);
  m.numbers = node.as_string_or("numbers", "");
  m.tools = node.as_bool_or("tools", false);
  m.no_chat = node.as_string_or("no_chat", "");
  if (const auto sampling = node.get("sampling")) m.sampling = read_choice(*sampling);
  m.weight_bytes = unsigned_or(node, "weight_bytes");
  m.load_us = node.as_int_or("load_us", 0);
  m.loaded_bytes = unsigned_or(node, "loaded_bytes");
  m.load_bytes = unsigned_or(node, "load_bytes");
  m.created_unix_s = node.as_int_or("created_unix_s", 0);
  if (const auto failure = node.get("failure")) m.failure = decode_failure(*failure);
  return m;
}

std::string encode(const std::vector<ModelInfo>& models) {
  json::Writer w;
  w.begin_object().key("models").begin_array();
  for (const auto& model : models) w.raw(encode(model));
  w.end_array().end_object();
  return w.take();
}

std::vector<ModelInfo> decode_models(const json::Node& result) {
  std::vector<ModelInfo> models;
  for (const auto& node : result.at("models").as_array(kModelsMax))
    models.push_back(decode_model_info(node));
  return models;
}

std::string encode(const EngineStats& s) {
  json::Writer w;
  w.begin_object().field("steps", s.steps).field("requests_completed", s.requests_completed);
  w.field("prompt_tokens", s.prompt_tokens).field("completion_tokens", s.completion_tokens);
  w.field("running", s.running).field("waiting", s.waiting);
  w.field("sequences_max", s.sequences_max).field("queue_max", s.queue_max);
  w.field("kv_bytes", s.kv_bytes).field("prefix_bytes", s.prefix_bytes);
  w.field("packed_bytes", s.packed_bytes).field("arena_bytes", s.arena_bytes);
  w.field("active_bytes", s.active_bytes);
  w.field("cache_bytes", s.cache_bytes).field("peak_bytes", s.peak_bytes);
  w.field("held_bytes", s.held_bytes).field("footprint_bytes", s.footprint_bytes);
  w.field("device", s.device).field("threads", s.threads).field("version", s.version);
  w.key("switches").raw(encode(s.switches)).end_object();
  return w.take();
}

EngineStats decode_stats(const json::Node& result) {
  EngineStats s;
  s.steps = unsigned_or(result, "steps");
  s.requests_completed = unsigned_or(result, "requests_completed");
  s.prompt_tokens = unsigned_or(result, "prompt_tokens");
  s.completion_tokens = unsigned_or(result, "completion_tokens");
  s.running = count_or(result, "running");
  s.waiting = count_or(result, "waiting");
  s.sequences_max = count_or(result, "sequences_max");
  s.queue_max = count_or(result, "queue_max");
  s.kv_bytes = unsigned_or(result, "kv_bytes");
  s.prefix_bytes = unsigned_or(result, "prefix_bytes");
  s.packed_bytes = unsigned_or(result, "packed_bytes");
  s.arena_bytes = unsigned_or(result, "arena_bytes");
  s.active_bytes = unsigned_or(result, "active_bytes");
  s.cache_bytes = unsigned_or(result, "cache_bytes");
  s.peak_bytes = unsigned_or(result, "peak_bytes");
  s.held_bytes = unsigned_or(result, "held_bytes");
  s.footprint_bytes = unsigned_or(result, "footprint_bytes");
  if (const auto switches = result.get("switches")) s.switches = decode_switches(*switches);
  s.device = result.as_string_or("device", "");
  s.threads = count_or(result, "threads");
  s.version = result.as_string_or("version", "");
  return s;
}

}  // namespace sanctum::wire
