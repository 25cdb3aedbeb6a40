#include "catalog/memory_prediction.h"

#include <algorithm>

namespace sanctum::catalog {
namespace {

constexpr std::int64_t kCountMax = 1 << 24;
constexpr std::int64_t kDefaultContextTokens = 4096;  // as models/registry.cpp

json::Node text_of(const json::Node& config) {
  return config.get("text_config").value_or(config);
}

// Not read into memory: a head that is the embedding once more, buffers that are computed, towers
// that this architecture has no use for.
bool is_read(const std::string& name, const json::Node& config) {
  const bool tied = config.as_bool_or("tie_word_embeddings", false) ||
                    text_of(config).as_bool_or("tie_word_embeddings", false);
  if (tied && (name.starts_with("lm_head.") || name.find(".lm_head.") != std::string::npos))
    return false;
  if (name.find("rotary_emb.inv_freq") != std::string::npos) return false;
  const std::string type = config.as_string_or("model_type", "");
  if (type == "qwen3_vl") return true;
  for (const char* part : {"vision_tower.", "multi_modal_projector.", "visual.", "audio_tower.",
                           "embed_audio.", "embed_vision.", "mtp."})
    if (name.find(part) != std::string::npos) return false;
  return true;
}

// Norms, biases and filters are computed with in float32; matrices, an embedding's too, stay as
// they are stored.
std::uint64_t loaded_bytes(const convert::StoredTensor& tensor) {
  const bool is_matrix = tensor.shape.size() == 2 || tensor.shape.size() == 3;
  const bool is_narrow = tensor.dtype == "BF16" || tensor.dtype == "F16";
  return is_narrow && !is_matrix ? 2 * tensor.bytes : tensor.bytes;
}

// Of the embedding's numbers, which the engine reads first.
std::string stored_as(const std::vector<convert::StoredTensor>& weights) {
  for (const char* end : {"embed_tokens.scales", "embed_tokens.weight"})
    for (const auto& tensor : weights)
      if (tensor.name.ends_with(end))
        return tensor.dtype == "BF16" ? "bfloat16" : tensor.dtype == "F16" ? "float16" : "float32";
  return "float32";
}

std::int64_t whole_blocks(std::int64_t tokens) {
  constexpr std::int64_t kBlock = kBlockTokens;
  return (tokens + kBlock - 1) / kBlock * kBlock;
}

}  // namespace

std::uint64_t MemoryPrediction::token_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& kind : kinds) sum += kind.token_bytes;
  return sum;
}

std::uint64_t MemoryPrediction::sequence_bytes(std::int64_t tokens) const {
  std::uint64_t sum = 0;
  for (const auto& kind : kinds) {
    const auto remembered = kind.tokens_max == 0
                                ? whole_blocks(tokens)
                                : std::min(whole_blocks(tokens), whole_blocks(kind.tokens_max));
    sum += kind.sequence_bytes + kind.token_bytes * static_cast<std::uint64_t>(remembered);
  }
  return sum;
}

std::int64_t MemoryPrediction::tokens_within(std::uint64_t bytes) const {
  std::int64_t low = 0, high = context_tokens / static_cast<std::int64_t>(kBlockTokens) + 1;
  while (low + 1 < high) {  // blocks: `low` fit, `high` are over the context or do not
    const std::int64_t middle = low + (high - low) / 2;
    if (sequence_bytes(middle * static_cast<std::int64_t>(kBlockTokens)) <= bytes)
      low = middle;
    else
      high = middle;
  }
  const bool all = sequence_bytes(context_tokens) <= bytes;
  return all ? context_tokens : low * static_cast<std::int64_t>(kBlockTokens);
}

MemoryPrediction predict_memory(const json::Node& config,
                                const std::vector<convert::StoredTensor>& weights, KvForm form) {
  MemoryPrediction out;
  for (const auto& tensor : weights) {
    if (!is_read(tensor.name, config)) continue;
    out.weight_bytes += tensor.bytes;
    out.weights_memory += loaded_bytes(tensor);
  }
  const auto context = text_of(config).get("max_position_embeddings");
  out.context_tokens = context ? context->as_int(1, kCountMax) : kDefaultContextTokens;
  out.stored_as = stored_as(weights);
  out.kinds = layer_kinds(config, out.stored_as, form);
  return out;
}

}  // namespace sanctum::catalog
