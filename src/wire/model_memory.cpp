#include "wire/model_memory.h"

#include <algorithm>

namespace sanctum::wire {
namespace {

constexpr std::int64_t kTokensMax = std::int64_t{1} << 32;
constexpr std::int64_t kLayersMax = 1 << 20;
constexpr std::size_t kKindsMax = 16;

std::int64_t in_whole(std::int64_t grain, std::int64_t tokens) {
  return (tokens + grain - 1) / grain * grain;
}

}  // namespace

std::uint64_t ModelMemory::token_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& kind : kinds) sum += kind.token_bytes;
  return sum;
}

std::uint64_t ModelMemory::sequence_bytes(std::int64_t tokens) const {
  std::uint64_t sum = 0;
  for (const auto& kind : kinds) {
    const auto remembered = kind.tokens_max == 0 ? tokens : std::min(tokens, kind.tokens_max);
    sum += kind.sequence_bytes +
           kind.token_bytes * static_cast<std::uint64_t>(in_whole(grain_tokens, remembered));
  }
  return sum;
}

std::int64_t ModelMemory::tokens_within(std::uint64_t bytes) const {
  if (sequence_bytes(context_tokens) <= bytes) return context_tokens;
  std::int64_t low = 0, high = context_tokens / grain_tokens + 1;
  while (low + 1 < high) {  // grains: `low` fit, `high` are over the context or do not
    const std::int64_t middle = low + (high - low) / 2;
    (sequence_bytes(middle * grain_tokens) <= bytes ? low : high) = middle;
  }
  return low * grain_tokens;
}

std::string encode(const ModelMemory& memory) {
  json::Writer w;
  w.begin_object().field("model", memory.model).field("quantization", memory.quantization);
  w.field("kernels", memory.kernels).field("weight_bytes", memory.weight_bytes);
  w.field("weights_memory_bytes", memory.weights_memory).field("kv_type", memory.kv_type);
  w.field("context_tokens", memory.context_tokens).field("grain_tokens", memory.grain_tokens);
  w.key("layers").begin_array();
  for (const auto& kind : memory.kinds) {
    w.begin_object().field("kind", kind.name).field("layers", kind.layers);
    w.field("token_bytes", kind.token_bytes).field("tokens_max", kind.tokens_max);
    w.field("sequence_bytes", kind.sequence_bytes).end_object();
  }
  w.end_array().end_object();
  return w.take();
}

ModelMemory decode_model_memory(const json::Node& node) {
  ModelMemory out;
  out.model = node.at("model").as_string();
  out.quantization = node.at("quantization").as_string();
  out.kernels = node.at("kernels").as_string();
  out.weight_bytes = node.at("weight_bytes").as_uint64();
  out.weights_memory = node.at("weights_memory_bytes").as_uint64();
  out.kv_type = node.at("kv_type").as_string();
  out.context_tokens = node.at("context_tokens").as_int(1, kTokensMax);
  out.grain_tokens = node.at("grain_tokens").as_int(1, kTokensMax);
  for (const json::Node& kind : node.at("layers").as_array(kKindsMax))
    out.kinds.push_back(
        {kind.at("kind").as_string(), static_cast<int>(kind.at("layers").as_int(0, kLayersMax)),
         kind.at("token_bytes").as_uint64(), kind.at("tokens_max").as_int(0, kTokensMax),
         kind.at("sequence_bytes").as_uint64()});
  return out;
}

}  // namespace sanctum::wire
