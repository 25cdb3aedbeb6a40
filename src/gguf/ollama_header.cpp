#include "gguf/ollama_header.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace sanctum::gguf {
namespace {

struct Rename {
  std::string_view theirs, ours;
};

struct Row {
  std::string_view theirs, ours;               // general.architecture
  std::vector<Rename> keys;                    // behind the architecture's name
  std::vector<Rename> tensors;                 // the end of a tensor's name
  std::vector<std::string> left_out;           // what the picture half's tensors begin with
  void (*add)(Header& header, bool pictures);  // what the file is silent about
};

constexpr const char* kPre = "tokenizer.ggml.pre";

void cut_texts_as(Metadata& metadata, const std::string& name) {
  const std::string told = metadata.string_or(kPre, "");
  if (told.empty() || told == "default") metadata.set(kPre, name);
}

void add_to_gpt_oss(Header& header, bool) {
  Metadata& metadata = header.metadata;
  cut_texts_as(metadata, "gpt-4o");
  metadata.add("gpt-oss.rope.scaling.type", std::string("yarn"));
  const Tensor* gates = header.find("blk.0.ffn_gate_exps.weight");  // [experts, inner, width]
  if (gates != nullptr && gates->shape.size() == 3)
    metadata.add("gpt-oss.expert_feed_forward_length", gates->shape[1]);
}

constexpr const char* kGemma3Epsilon = "gemma3.attention.layer_norm_rms_epsilon";
// Keys that it alone writes.
constexpr const char* kGemma3Marks[] = {
    "gemma3.mm.tokens_per_image", "gemma3.rope.global.freq_base", "gemma3.rope.local.freq_base",
    "tokenizer.ggml.add_padding_token", "tokenizer.ggml.add_unknown_token"};

// It never wrote the norms' epsilon of a model that sees.
bool is_its_gemma3(const Metadata& metadata, bool pictures) {
  return pictures || !metadata.has(kGemma3Epsilon) ||
         std::any_of(std::begin(kGemma3Marks), std::end(kGemma3Marks),
                     [&](const char* key) { return metadata.has(key); });
}

void add_to_gemma3(Header& header, bool pictures) {
  constexpr std::int64_t kTokensMax = 1 << 30, kLongContext = 131'072;  // of all but 1B and 270M
  constexpr double kStretch = 8, kEpsilon = 1e-6;
  Metadata& metadata = header.metadata;
  if (!is_its_gemma3(metadata, pictures)) return;
  metadata.add(kGemma3Epsilon, kEpsilon);
  metadata.add("tokenizer.ggml.add_space_prefix", false);
  const auto context = metadata.integer_if("gemma3.context_length", 1, kTokensMax);
  if (context.value_or(0) >= kLongContext &&
      metadata.add("gemma3.rope.scaling.type", std::string("linear")))
    metadata.add("gemma3.rope.scaling.factor", kStretch);
  // The tokens have a picture's place, which no row is for.
  if (const Tensor* embedding = header.find("token_embd.weight"))
    for (const char* list : {"tokens", "scores", "token_type"})
      metadata.shorten("tokenizer.ggml." + std::string(list), embedding->rows());
}

// Files of Llama 3 from before there was a name for how it cuts its text.
void add_to_llama(Header& header, bool) {
  constexpr const char* kTokens = "tokenizer.ggml.tokens";
  constexpr std::size_t kEndOfTurn = 128'009;
  if (!header.metadata.has(kTokens)) return;
  const auto& tokens = header.metadata.strings(kTokens);
  if (tokens.size() > kEndOfTurn && tokens[kEndOfTurn] == "<|eot_id|>")
    cut_texts_as(header.metadata, "llama-bpe");
}

const std::vector<Row>& table() {
  static const std::vector<Row> rows{
      {"gptoss",
       "gpt-oss",
       {},
       {{".attn_out.weight", ".attn_output.weight"},
        {".attn_out.bias", ".attn_output.bias"},
        {".attn_sinks", ".attn_sinks.weight"},
        {".ffn_norm.weight", ".post_attention_norm.weight"}},
       {},
       add_to_gpt_oss},
      {"gemma3",
       "gemma3",
       {{"rope.global.freq_base", "rope.freq_base"},
        {"rope.local.freq_base", "rope.freq_base_swa"},
        {"rope.scaling.beta_fast", "rope.scaling.yarn_beta_fast"},
        {"rope.scaling.beta_slow", "rope.scaling.yarn_beta_slow"}},
       {},
       {"v.", "mm."},
       add_to_gemma3},
      {"llama", "llama", {}, {}, {}, add_to_llama},
  };
  return rows;
}

void rename_tensors(std::vector<Tensor>& tensors, const std::vector<Rename>& renames) {
  for (Tensor& tensor : tensors) {
    for (const Rename& rename : renames) {
      if (!tensor.name.ends_with(rename.theirs)) continue;
      tensor.name.replace(tensor.name.size() - rename.theirs.size(), rename.theirs.size(),
                          rename.ours);
      break;
    }
  }
}

std::size_t leave_out(std::vector<Tensor>& tensors, const std::vector<std::string>& beginnings) {
  return std::erase_if(tensors, [&](const Tensor& tensor) {
    return std::any_of(beginnings.begin(), beginnings.end(), [&](const std::string& beginning) {
      return tensor.name.starts_with(beginning);
    });
  });
}

}  // namespace

std::size_t in_llama_cpps_words(Header& header) {
  constexpr const char* kArchitecture = "general.architecture";
  Metadata& metadata = header.metadata;
  const std::string name = metadata.string(kArchitecture);
  for (const Row& row : table()) {
    if (row.theirs != name) continue;
    const std::string prefix = std::string(row.ours) + ".";
    if (row.theirs != row.ours) {
      metadata.rename_beginnings(name + ".", prefix);
      metadata.set(kArchitecture, std::string(row.ours));
    }
    for (const Rename& key : row.keys)
      metadata.copy(prefix + std::string(key.theirs), prefix + std::string(key.ours));
    rename_tensors(header.tensors, row.tensors);
    const std::size_t left_out = leave_out(header.tensors, row.left_out);
    row.add(header, left_out > 0);
    return left_out;
  }
  return 0;
}

}  // namespace sanctum::gguf
