#include "gguf/model_config.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "gguf/affine.h"
#include "gguf/rope_scaling.h"

namespace sanctum::gguf {
namespace {

constexpr std::int64_t kContextTokensMax = 1 << 30;
constexpr std::int64_t kExpertsMax = 1 << 16;
constexpr int kBitsUsual = 4;

class Config {
 public:
  Config(const Source& source, const Header& header, const Architecture& architecture,
         const Shape& shape)
      : source_(source),
        header_(header),
        metadata_(header.metadata),
        architecture_(architecture),
        shape_(shape),
        prefix_(metadata_.string("general.architecture") + ".") {}

  std::string write(const TokenRoles& roles, const std::map<std::string, int>& bits);

 private:
  std::int64_t integer(const char* key, std::int64_t most) const {
    return metadata_.integer(prefix_ + key, 1, most);
  }
  void size(const char* ours, const char* key, std::int64_t most = kWidthMax) {
    w_.field(ours, metadata_.same_for_every_layer(prefix_ + key, 1, most));
  }
  int global_every() const;
  bool has(const char* tensor) const { return header_.find(tensor) != nullptr; }

  void sizes();
  void positions();
  void llama();
  void gemma3();
  void qwen3_moe();
  void gpt_oss();
  void smollm3();
  void window();
  void quantization(const std::map<std::string, int>& bits);

  const Source& source_;
  const Header& header_;
  const Metadata& metadata_;
  const Architecture& architecture_;
  const Shape& shape_;
  const std::string prefix_;
  json::Writer w_;
};

void Config::sizes() {
  const Tensor* embedding = header_.find("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2)
    throw Error(ErrorCode::kInvalid,
                source_.name() +
                    " has no tensor token_embd.weight of two dimensions: it is not "
                    "a whole model",
                "token_embd.weight");
  size("hidden_size", "embedding_length");
  w_.field("num_hidden_layers", shape_.layers);
  if (architecture_.family != Family::kGptOss) size("intermediate_size", "feed_forward_length");
  w_.field("num_attention_heads", shape_.heads).field("num_key_value_heads", shape_.kv_heads);
  w_.field("head_dim", shape_.head_size);
  w_.field("rms_norm_eps", metadata_.number(prefix_ + "attention.layer_norm_rms_epsilon"));
  w_.field("vocab_size", embedding->rows());
  w_.field("max_position_embeddings", integer("context_length", kContextTokensMax));
  w_.field("tie_word_embeddings", !has("output.weight"));
}

void Config::positions() {
  const std::string base = prefix_ + "rope.freq_base";
  const bool may_be_silent =
      architecture_.silent_theta && metadata_.string("tokenizer.ggml.model") == "llama";
  const double theta = may_be_silent ? metadata_.number_or(base, *architecture_.silent_theta)
                                     : metadata_.number(base);
  w_.field("rope_theta", theta);
  const auto rotated = metadata_.integer_if(prefix_ + "rope.dimension_count", 2, kHeadSizeMax)
                           .value_or(shape_.head_size);
  if (rotated != shape_.head_size)
    w_.field("partial_rotary_factor", static_cast<double>(rotated) / shape_.head_size);
  const std::string scaling =
      rope_scaling(source_, header_, architecture_, static_cast<int>(rotated), theta);
  if (!scaling.empty()) w_.key("rope_scaling").raw(scaling);
  if (const auto original = metadata_.integer_if(prefix_ + "rope.scaling.original_context_length",
                                                 1, kContextTokensMax);
      original && architecture_.family == Family::kPhi3)
    w_.field("original_max_position_embeddings", *original);
}

void Config::window() {
  const auto window =
      metadata_.integer_if(prefix_ + "attention.sliding_window", 0, kContextTokensMax);
  if (window.value_or(0) > 0) w_.field("sliding_window", *window);
}

void Config::llama() {
  w_.field("hidden_act", "silu");
  w_.field("attention_bias", has("blk.0.attn_q.bias"));
  w_.field("mlp_bias", has("blk.0.ffn_gate.bias"));
  window();
}

// The last of so many layers sees all, the others through a window.
int Config::global_every() const {
  constexpr int kUsual = 6;
  const std::string window = prefix_ + "attention.sliding_window", pattern = window + "_pattern";
  if (metadata_.integer_if(window, 0, kContextTokensMax).value_or(0) == 0) return 1;
  if (!metadata_.has(pattern)) return kUsual;
  const auto slides = metadata_.flags_if(pattern);
  if (!slides) return static_cast<int>(metadata_.integer(pattern, 1, kLayersMax));
  if (slides->size() != static_cast<std::size_t>(shape_.layers))
    metadata_.fail(pattern, "has " + std::to_string(slides->size()) + " entries for " +
                                std::to_string(shape_.layers) + " layers");
  const auto first = std::find(slides->begin(), slides->end(), false);
  const auto every = static_cast<std::size_t>(first - slides->begin()) + 1;
  for (std::size_t layer = 0; layer < slides->size(); ++layer)
    if ((*slides)[layer] != ((layer + 1) % every != 0))
      metadata_.fail(pattern, "does not repeat, which is not supported");
  return static_cast<int>(every);
}

void Config::gemma3() {
  constexpr int kLayersOf27B = 62;
  w_.field("hidden_activation", "gelu_pytorch_tanh");
  w_.field("rope_local_base_freq", metadata_.number_or(prefix_ + "rope.freq_base_swa", 10000));
  // The file does not have it; 27B alone scales by another number than the head size.
  const std::int64_t width = integer("embedding_length", kWidthMax);
  w_.field("query_pre_attn_scalar",
           shape_.layers == kLayersOf27B ? width / shape_.heads : std::int64_t{shape_.head_size});
  const int every = global_every();
  w_.field("sliding_window_pattern", every);
  window();
  // Ollama wrote one for models with windows, too, where neither it nor llama.cpp uses it.
  if (const std::string key = prefix_ + "final_logit_softcapping"; every == 1 && metadata_.has(key))
    w_.field("final_logit_softcapping", metadata_.number(key));
}

void Config::qwen3_moe() {
  w_.field("hidden_act", "silu");
  size("num_experts", "expert_count", kExpertsMax);
  size("num_experts_per_tok", "expert_used_count", kExpertsMax);
  size("moe_intermediate_size", "expert_feed_forward_length");
  // As llama.cpp computes it, whatever the file's maker said.
  w_.field("decoder_sparse_step", 1).key("mlp_only_layers").begin_array().end_array();
  w_.field("norm_topk_prob", true);
}

void Config::gpt_oss() {
  w_.field("hidden_act", "silu");
  size("num_local_experts", "expert_count", kExpertsMax);
  size("num_experts_per_tok", "expert_used_count", kExpertsMax);
  size("intermediate_size", "expert_feed_forward_length");
  w_.field("attention_bias", true).field("swiglu_limit", 7.0);
  window();
  w_.key("layer_types").begin_array();
  for (int layer = 0; layer < shape_.layers; ++layer)
    w_.value(layer % 2 == 0 ? "sliding_attention" : "full_attention");
  w_.end_array();
}

void Config::smollm3() {
  constexpr int kUnrotatedEvery = 4;
  w_.field("no_rope_layer_interval", kUnrotatedEvery).key("no_rope_layers").begin_array();
  for (int layer = 0; layer < shape_.layers; ++layer)
    w_.value(static_cast<int>((layer + 1) % kUnrotatedEvery != 0));
  w_.end_array();
}

void Config::quantization(const std::map<std::string, int>& bits) {
  if (bits.empty()) return;
  bool any_usual = false;
  for (const auto& [path, own] : bits) any_usual = any_usual || own == kBitsUsual;
  const int usual = any_usual ? kBitsUsual : bits.begin()->second;
  json::Writer w;
  w.begin_object().field("group_size", kAffineGroup).field("bits", usual);
  for (const auto& [path, own] : bits) {
    if (own == usual) continue;
    w.key(path).begin_object().field("group_size", kAffineGroup).field("bits", own).end_object();
  }
  const std::string text = w.end_object().take();
  w_.key("quantization").raw(text).key("quantization_config").raw(text);
}

void write_roles(json::Writer& w, const TokenRoles& roles) {
  if (roles.bos) w.field("bos_token_id", *roles.bos);
  if (roles.ends.size() == 1) w.field("eos_token_id", roles.ends.front());
  if (roles.ends.size() > 1) {
    w.key("eos_token_id").begin_array();
    for (const int end : roles.ends) w.value(end);
    w.end_array();
  }
  if (roles.padding) w.field("pad_token_id", *roles.padding);
}

std::string Config::write(const TokenRoles& roles, const std::map<std::string, int>& bits) {
  w_.begin_object();
  w_.key("architectures").begin_array().value(std::string(architecture_.class_name)).end_array();
  w_.field("model_type", std::string(architecture_.model_type));
  sizes();
  positions();
  switch (architecture_.family) {
    case Family::kLlama:
      llama();
      break;
    case Family::kSmolLm3:
      llama();
      smollm3();
      break;
    case Family::kQwen2:
      w_.field("hidden_act", "silu");
      break;
    case Family::kQwen3:
      w_.field("hidden_act", "silu").field("attention_bias", false);
      break;
    case Family::kPhi3:
      w_.field("hidden_act", "silu");
      window();
      break;
    case Family::kQwen3Moe:
      qwen3_moe();
      break;
    case Family::kGemma3:
      gemma3();
      break;
    case Family::kGptOss:
      gpt_oss();
      break;
  }
  write_roles(w_, roles);
  w_.field("torch_dtype", "float16");
  quantization(bits);
  return w_.end_object().take();
}

}  // namespace

Shape read_shape(const Metadata& metadata, const Architecture& architecture) {
  const std::string prefix = std::string(architecture.name) + ".";
  const auto same = [&](const char* key, std::int64_t most) {
    return static_cast<int>(metadata.same_for_every_layer(prefix + key, 1, most));
  };
  Shape shape;
  shape.layers = same("block_count", kLayersMax);
  shape.heads = same("attention.head_count", kHeadsMax);
  shape.kv_heads = metadata.has(prefix + "attention.head_count_kv")
                       ? same("attention.head_count_kv", kHeadsMax)
                       : shape.heads;
  const std::string key = prefix + "attention.key_length";
  const std::string value = prefix + "attention.value_length";
  const std::int64_t width = metadata.integer(prefix + "embedding_length", 1, kWidthMax);
  const auto size = metadata.integer_if(key, 1, kHeadSizeMax).value_or(width / shape.heads);
  if (size < 1 || size > kHeadSizeMax)
    metadata.fail(prefix + "attention.head_count",
                  "gives heads of size " + std::to_string(size) + "; from 1 to " +
                      std::to_string(kHeadSizeMax) + " is supported");
  if (metadata.integer_if(value, 1, kHeadSizeMax).value_or(size) != size)
    metadata.fail(value, "is not attention.key_length, which is not supported");
  shape.head_size = static_cast<int>(size);
  return shape;
}

std::string config_json(const Source& source, const Header& header,
                        const Architecture& architecture, const Shape& shape,
                        const TokenRoles& roles, const std::map<std::string, int>& bits) {
  return Config(source, header, architecture, shape).write(roles, bits);
}

std::string generation_config_json(const TokenRoles& roles) {
  json::Writer w;
  w.begin_object();
  write_roles(w, roles);
  return w.end_object().take();
}

}  // namespace sanctum::gguf
