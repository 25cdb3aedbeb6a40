#include "gguf/architecture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/error.h"

namespace sanctum::gguf {
namespace {

using Parts = std::vector<Part>;

Parts joined(Parts first, const Parts& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

const Parts kAttention{
    {"attn_q", "self_attn.q_proj"},   {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},   {"attn_output", "self_attn.o_proj"},
    {"attn_norm", "input_layernorm"},
};
const Parts kAttentionInPairs{
    {"attn_q", "self_attn.q_proj", Rows::kQueryPairs},
    {"attn_k", "self_attn.k_proj", Rows::kKeyPairs},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_norm", "input_layernorm"},
};
const Parts kHeadNorms{{"attn_q_norm", "self_attn.q_norm"}, {"attn_k_norm", "self_attn.k_norm"}};
const Parts kFeedForward{
    {"ffn_gate", "mlp.gate_proj"}, {"ffn_up", "mlp.up_proj"}, {"ffn_down", "mlp.down_proj"}};
const Parts kFeedForwardNorm{{"ffn_norm", "post_attention_layernorm"}};

const Parts kLlamaParts = joined(joined(kAttentionInPairs, kFeedForward), kFeedForwardNorm);
const Parts kQwen2Parts = joined(joined(kAttention, kFeedForward), kFeedForwardNorm);
const Parts kQwen3Parts = joined(kQwen2Parts, kHeadNorms);
const Parts kQwen3MoeParts = joined(joined(joined(kAttention, kHeadNorms), kFeedForwardNorm),
                                    {{"ffn_gate_inp", "mlp.gate"},
                                     {"ffn_gate_exps", "mlp.switch_mlp.gate_proj"},
                                     {"ffn_up_exps", "mlp.switch_mlp.up_proj"},
                                     {"ffn_down_exps", "mlp.switch_mlp.down_proj"}});
const Parts kGemma3Parts = joined(joined(joined(kAttention, kHeadNorms), kFeedForward),
                                  {{"post_attention_norm", "post_attention_layernorm"},
                                   {"ffn_norm", "pre_feedforward_layernorm"},
                                   {"post_ffw_norm", "post_feedforward_layernorm"}});
const Parts kPhi3Parts = joined(kFeedForwardNorm, {{"attn_qkv", "self_attn.qkv_proj"},
                                                   {"attn_output", "self_attn.o_proj"},
                                                   {"attn_norm", "input_layernorm"},
                                                   {"ffn_up", "mlp.gate_up_proj"},
                                                   {"ffn_down", "mlp.down_proj"}});
const Parts kGptOssParts =
    joined(kAttention, {{"post_attention_norm", "post_attention_layernorm"},
                        {"attn_sinks", "self_attn.sinks", Rows::kSame, /*bare=*/true},
                        {"ffn_gate_inp", "mlp.router"},
                        {"ffn_gate_exps", "mlp.experts.gate_proj"},
                        {"ffn_up_exps", "mlp.experts.up_proj"},
                        {"ffn_down_exps", "mlp.experts.down_proj"}});

const std::vector<Architecture>& table() {
  constexpr double kLlama2 = 1e4, kGemma3 = 1e6;
  constexpr std::nullopt_t kSaid = std::nullopt;
  static const std::vector<Architecture> rows{
      {"llama", Family::kLlama, "llama", "LlamaForCausalLM", kLlama2, kLlamaParts},
      {"mistral", Family::kLlama, "llama", "LlamaForCausalLM", kLlama2, kLlamaParts},
      {"qwen2", Family::kQwen2, "qwen2", "Qwen2ForCausalLM", kSaid, kQwen2Parts},
      {"qwen3", Family::kQwen3, "qwen3", "Qwen3ForCausalLM", kSaid, kQwen3Parts},
      {"qwen3moe", Family::kQwen3Moe, "qwen3_moe", "Qwen3MoeForCausalLM", kSaid, kQwen3MoeParts},
      {"gemma3", Family::kGemma3, "gemma3_text", "Gemma3ForCausalLM", kGemma3, kGemma3Parts,
       /*norms_plus_one=*/true},
      {"phi3", Family::kPhi3, "phi3", "Phi3ForCausalLM", kLlama2, kPhi3Parts},
      {"gpt-oss", Family::kGptOss, "gpt_oss", "GptOssForCausalLM", kSaid, kGptOssParts},
      {"smollm3", Family::kSmolLm3, "smollm3", "SmolLM3ForCausalLM", kSaid, kLlamaParts},
  };
  return rows;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kTop{
    {{"token_embd", "model.embed_tokens"}, {"output_norm", "model.norm"}, {"output", "lm_head"}}};

// Frequencies of the rotary embedding: computed, or a member of config.json.
bool of_the_rotation(std::string_view name) {
  return name == "rope_freqs.weight" || name == "rope_factors_long.weight" ||
         name == "rope_factors_short.weight" || name.ends_with(".attn_rot_embd");
}

[[noreturn]] void unknown(const std::string& file, const std::string& tensor,
                          const std::string& why) {
  throw Error(ErrorCode::kInvalid, file + ": tensor " + tensor + " " + why, tensor);
}

// The part before the next dot, which is cut off.
std::string_view take_word(std::string_view& text) {
  const std::size_t dot = text.find('.');
  const std::string_view word = text.substr(0, dot);
  text = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  return word;
}

}  // namespace

const Architecture& architecture(const std::string& file, const std::string& name) {
  std::string known;
  for (const Architecture& row : table()) {
    if (row.name == name) return row;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  if (name == "clip")
    throw Error(ErrorCode::kInvalid,
                file +
                    " is the picture half of a model (an mmproj file), which is not read; the "
                    "other file beside it holds the text half",
                "general.architecture");
  throw Error(ErrorCode::kInvalid,
              file + " is of the architecture '" + name +
                  "', which cannot be imported; these can: " + known,
              "general.architecture");
}

std::optional<Place> place_of(const Architecture& architecture, const std::string& file,
                              const std::string& tensor, int layers) {
  if (of_the_rotation(tensor)) return std::nullopt;
  const std::string theirs = "belongs to nothing that " + std::string(architecture.name) + " has";
  std::string_view rest = tensor;
  const std::size_t last = rest.rfind('.');
  if (last == std::string_view::npos) unknown(file, tensor, theirs);
  const std::string kind(rest.substr(last));
  if (kind != ".weight" && kind != ".bias") unknown(file, tensor, theirs);
  rest = rest.substr(0, last);
  const bool norm = architecture.norms_plus_one && rest.ends_with("_norm");
  for (const auto& [name, path] : kTop)
    if (rest == name) return Place{std::string(path), std::string(path) + kind, Rows::kSame, norm};
  if (take_word(rest) != "blk") unknown(file, tensor, theirs);
  const std::string_view digits = take_word(rest);
  int layer = -1;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), layer);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || layer < 0)
    unknown(file, tensor, theirs);
  if (layer >= layers)
    unknown(file, tensor,
            "is of a layer that the metadata's block_count of " + std::to_string(layers) +
                " does not count");
  for (const Part& part : architecture.layer_parts) {
    if (part.theirs != rest) continue;
    std::string path = "model.layers." + std::to_string(layer) + "." + std::string(part.ours);
    std::string name = part.bare ? path : path + kind;
    return Place{std::move(path), std::move(name), part.rows, norm};
  }
  unknown(file, tensor, theirs);
}

}  // namespace sanctum::gguf
