// A decoder-only transformer: RMSNorm, rotary grouped-query attention or a gated delta rule,
// SwiGLU, and what its forms say. Alone it is a text model, under a vision tower the language half
// of one that sees.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/attention_layer.h"
#include "models/decoder_config.h"
#include "models/delta_layer.h"
#include "models/model.h"
#include "nn/layers.h"
#include "nn/rope.h"
#include "nn/weights.h"

namespace sanctum::models {

// What its layers remember.
nn::KvShape remembered(const DecoderConfig& config, kernels::NumberType type);

class Decoder {
 public:
  // `body` is where the layers are ("model"), `head` where the output head is ("lm_head"); nothing
  // where the head is the embedding.
  Decoder(const DecoderConfig& config, nn::Weights& weights, const std::string& body,
          const std::optional<std::string>& head);
  // float32 [logits_rows, vocabulary]. Rows named in step.visuals take a picture's embedding
  // instead of their token's, and its deepstack features after the first layers.
  mx::array forward(const Step& step) const;

 private:
  struct Block {
    using Mixer = std::variant<AttentionLayer, DeltaLayer>;
    Block(nn::Weights& w, const std::string& path, const DecoderConfig& c, std::size_t layer);
    // All rows, or those of `wanted` alone, if there are any: the last layer's.
    mx::array operator()(const mx::array& x, const LayerRows& rows, int layer,
                         const std::vector<int>* wanted) const;
    static Mixer mixer_of(nn::Weights& w, const std::string& path, const DecoderConfig& c,
                          std::size_t layer);
    Mixer mixer;
    std::variant<nn::GatedMlp, Mixture> mlp;
    nn::RmsNorm input_layernorm, post_attention_layernorm;
  };

  nn::Rotation rotation(const Step& step) const;
  std::optional<mx::array> query_scales(const Step& step) const;

  nn::Rope rope_;
  int short_tokens_;
  std::optional<nn::Rope> beyond_;  // of sequences that are longer
  std::optional<QueryScaling> query_scaling_;
  nn::Embedding embed_tokens_;
  nn::RmsNorm norm_;
  std::vector<Block> layers_;
  std::optional<nn::Linear> lm_head_;
};

}  // namespace sanctum::models
