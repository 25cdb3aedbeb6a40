// Qwen3's language model, alone (qwen3) and as the language half of Qwen3-VL (qwen3_vl): RMSNorm on
// every head of q and k before the rotation, no biases, head size independent of the width.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/decoder_config.h"
#include "models/model.h"
#include "nn/layers.h"
#include "nn/rope.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

struct Qwen3TextConfig : DecoderConfig {
  std::vector<int> rope_axes;  // empty for a model without pictures

  // Throws Error(kInvalid) naming the member that is missing or wrong. With `vision` positions have
  // three axes, shared out by mrope_section.
  static Qwen3TextConfig read(const json::Node& config, bool vision);
};

class Qwen3Text {
 public:
  // `body` is where the layers are ("model"), `head` where the output head is ("lm_head"); nothing
  // where the head is the embedding.
  Qwen3Text(const Qwen3TextConfig& config, nn::Weights& weights, const std::string& body,
            const std::optional<std::string>& head);
  // float32 [logits_rows, vocabulary]. Rows named in step.visuals take a picture's embedding
  // instead of their token's, and its deepstack features after the first layers.
  mx::array forward(const Step& step) const;

 private:
  struct Attention {
    Attention(nn::Weights& w, const std::string& path, const Qwen3TextConfig& c);
    mx::array operator()(const mx::array& x, const nn::Rotation& rope,
                         const std::vector<nn::Slice>& slices, int layer) const;
    int heads, kv_heads, head_size;
    nn::Linear q_proj, k_proj, v_proj, o_proj;
    nn::RmsNorm q_norm, k_norm;
    nn::Attention attend;
  };
  struct Block {
    Block(nn::Weights& w, const std::string& path, const Qwen3TextConfig& c);
    mx::array operator()(const mx::array& x, const nn::Rotation& rope,
                         const std::vector<nn::Slice>& slices, int layer) const;
    Attention self_attn;
    nn::SwiGlu mlp;
    nn::RmsNorm input_layernorm, post_attention_layernorm;
  };

  nn::Rope rope_;
  nn::Embedding embed_tokens_;
  nn::RmsNorm norm_;
  std::vector<Block> layers_;
  std::optional<nn::Linear> lm_head_;
};

}  // namespace sanctum::models
