#include "models/gemma4.h"

#include <mlx/ops.h>

#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "models/gemma4_config.h"

namespace sanctum::models {
namespace {

mx::array scaled(const mx::array& x, double factor) {
  return mx::multiply(x, mx::array(static_cast<float>(factor), x.dtype()));
}

// As the stored weights' type has it: the reference rounds the factor of embeddings, and no other.
double rounded(double factor, const nn::Weights& w) {
  const mx::array whole(static_cast<float>(factor));
  const mx::Dtype type = w.stored_type() == kernels::kBfloat16  ? mx::bfloat16
                         : w.stored_type() == kernels::kFloat16 ? mx::float16
                                                                : mx::float32;
  return mx::astype(mx::astype(whole, type), mx::float32).item<float>();
}

// What a layer needs to know of a step's rows.
struct Rows {
  const nn::Rotation& rope;
  const std::vector<nn::Slice>& slices;
};

class Attention {
 public:
  Attention(nn::Weights& w, const std::string& path, const Gemma4Config& c,
            const Gemma4Config::Layer& layer)
      : layer_(layer),
        heads_(c.heads),
        q_norm_(w.rms_norm(path + ".q_norm", layer.head_size, c.eps)),
        attend_(w.attention({1, layer.window})),
        projections_(w.linears(path, names(c, layer), c.hidden, false)) {
    if (!layer.remembers) {  // what is stored of it all the same
      for (const char* part : {".k_proj", ".v_proj", ".k_norm"}) w.drop(path + part);
      return;
    }
    k_norm_ = w.rms_norm(path + ".k_norm", layer.head_size, c.eps);
    v_norm_ = w.rms_norm(layer.head_size, c.eps);
  }
  mx::array operator()(const mx::array& x, const Rows& rows) const {
    const std::vector<mx::array> of = projections_(x);
    const auto in_heads = [&](const mx::array& all, int heads) {
      return mx::reshape(all, {x.shape(0), heads, layer_.head_size});
    };
    const mx::array q = rows.rope(q_norm_(in_heads(of[0], heads_)));
    if (!layer_.remembers) return attend_.causal(q, std::nullopt, rows.slices, layer_.memory);
    const mx::array k = in_heads(of[1], layer_.kv_heads);
    const mx::array v = in_heads(of.back(), layer_.kv_heads);
    return attend_.causal(q, nn::KeyValueRows{rows.rope((*k_norm_)(k)), (*v_norm_)(v)}, rows.slices,
                          layer_.memory);
  }

 private:
  static std::vector<nn::Weights::Named> names(const Gemma4Config& c,
                                               const Gemma4Config::Layer& layer) {
    const int keys = layer.kv_heads * layer.head_size;
    std::vector<nn::Weights::Named> out{{"q_proj", c.heads * layer.head_size}};
    if (layer.remembers) out.push_back({"k_proj", keys});
    if (layer.remembers && !layer.keys_are_values) out.push_back({"v_proj", keys});
    return out;
  }

  Gemma4Config::Layer layer_;
  int heads_;
  nn::RmsNorm q_norm_;
  std::optional<nn::RmsNorm> k_norm_, v_norm_;
  nn::Attention attend_;
  nn::LinearGroup projections_;
};

// Experts beside the dense part, each with norms of its own; the router sees the stream as it is.
class Experts {
 public:
  Experts(nn::Weights& w, const std::string& path, const Gemma4Config& c)
      : router_norm_(w.rms_norm_of(scaled(w.tensor(path + ".router.scale", {c.hidden}),
                                          1 / std::sqrt(static_cast<double>(c.hidden))),
                                   c.eps)),
        router_(w.linear(path + ".router.proj", c.hidden, c.mixture->experts, false)),
        experts_(w.experts(path, {c.hidden, c.mixture->inner, c.mixture->experts},
                           nn::Activation::kGeluTanh, c.mixture->routing,
                           w.tensor(path + ".router.per_expert_scale", {c.mixture->experts}))),
        post_dense_(w.rms_norm(path + ".post_feedforward_layernorm_1", c.hidden, c.eps)),
        pre_(w.rms_norm(path + ".pre_feedforward_layernorm_2", c.hidden, c.eps)),
        post_(w.rms_norm(path + ".post_feedforward_layernorm_2", c.hidden, c.eps)) {}
  mx::array operator()(const mx::array& dense, const mx::array& x) const {
    const mx::array mixed = (*experts_)(pre_(x), router_(router_norm_(x)));
    return mx::add(post_dense_(dense), post_(mixed));
  }

 private:
  nn::RmsNorm router_norm_;
  nn::Linear router_;
  std::shared_ptr<const nn::Experts> experts_;
  nn::RmsNorm post_dense_, pre_, post_;
};

// What a layer makes of its own embeddings.
class LayerInput {
 public:
  LayerInput(nn::Weights& w, const std::string& path, const Gemma4Config& c)
      : gate_(w.linear(path + ".per_layer_input_gate", c.hidden, c.layer_inputs, false)),
        activate_(w.activation(nn::Activation::kGeluTanh)),
        projection_(w.linear(path + ".per_layer_projection", c.layer_inputs, c.hidden, false)),
        norm_(w.rms_norm(path + ".post_per_layer_input_norm", c.hidden, c.eps)) {}
  mx::array operator()(const mx::array& x, const mx::array& input) const {
    return mx::add(x, norm_(projection_(mx::multiply(activate_(gate_(x)), input))));
  }

 private:
  nn::Linear gate_;
  nn::Activate activate_;
  nn::Linear projection_;
  nn::RmsNorm norm_;
};

class Layer {
 public:
  Layer(nn::Weights& w, const std::string& path, const Gemma4Config& c, std::size_t at)
      : attention_(w, path + ".self_attn", c, c.layers[at]),
        o_proj_(w.linear(path + ".self_attn.o_proj", c.heads * c.layers[at].head_size, c.hidden,
                         false)),
        mlp_(w.gated_mlp(path + ".mlp", nn::Activation::kGeluTanh, c.hidden, c.layers[at].inner,
                         false)),
        input_layernorm_(w.rms_norm(path + ".input_layernorm", c.hidden, c.eps)),
        post_attention_layernorm_(w.rms_norm(path + ".post_attention_layernorm", c.hidden, c.eps)),
        pre_feedforward_layernorm_(
            w.rms_norm(path + ".pre_feedforward_layernorm", c.hidden, c.eps)),
        post_feedforward_layernorm_(
            w.rms_norm(path + ".post_feedforward_layernorm", c.hidden, c.eps)),
        layer_scalar_(w.tensor(path + ".layer_scalar", {1})) {
    if (c.mixture) experts_.emplace(w, path, c);
    if (c.layer_inputs > 0) input_.emplace(w, path, c);
  }
  // `input` [rows, layer_inputs]. All rows, or those of `wanted` alone, if there are any.
  mx::array operator()(const mx::array& x, const Rows& rows, const std::optional<mx::array>& input,
                       const std::vector<int>* wanted) const {
    const auto kept = [&](const mx::array& of) { return wanted ? wanted_rows(of, *wanted) : of; };
    const mx::array attended = attention_(input_layernorm_(x), rows);
    mx::array h = mx::add(kept(x), post_attention_layernorm_(o_proj_(kept(attended))));
    mx::array mixed = mlp_(pre_feedforward_layernorm_(h));
    if (experts_) mixed = (*experts_)(mixed, h);
    h = mx::add(h, post_feedforward_layernorm_(mixed));
    if (input_) h = (*input_)(h, kept(*input));
    return mx::multiply(h, layer_scalar_);
  }

 private:
  Attention attention_;
  nn::Linear o_proj_;
  nn::GatedMlp mlp_;
  std::optional<Experts> experts_;
  std::optional<LayerInput> input_;
  nn::RmsNorm input_layernorm_, post_attention_layernorm_;
  nn::RmsNorm pre_feedforward_layernorm_, post_feedforward_layernorm_;
  mx::array layer_scalar_;
};

// The embeddings that a token has for each layer, and what the first layer's make of them.
class LayerEmbeddings {
 public:
  LayerEmbeddings(nn::Weights& w, const std::string& body, const Gemma4Config& c)
      : width_(c.layer_inputs),
        layers_(static_cast<int>(c.layers.size())),
        scale_(rounded(std::sqrt(static_cast<double>(width_)), w)),
        table_(w.embedding(body + ".embed_tokens_per_layer", c.layer_vocabulary, layers_ * width_)),
        projection_(
            w.linear(body + ".per_layer_model_projection", c.hidden, layers_ * width_, false)),
        norm_(w.rms_norm(body + ".per_layer_projection_norm", width_, c.eps)) {}
  // h [rows, hidden], the scaled embeddings -> one [rows, layer_inputs] for each layer.
  std::vector<mx::array> operator()(const mx::array& tokens, const mx::array& h) const {
    const auto apart = [&](const mx::array& of) {
      return mx::reshape(of, {h.shape(0), layers_, width_});
    };
    const mx::array own = apart(scaled(table_(tokens), scale_));
    const mx::array of_stream =
        norm_(apart(scaled(projection_(h), 1 / std::sqrt(static_cast<double>(h.shape(1))))));
    const mx::array both = scaled(mx::add(of_stream, own), 1 / std::sqrt(2.0));
    std::vector<mx::array> out;
    out.reserve(static_cast<std::size_t>(layers_));
    for (int i = 0; i < layers_; ++i)
      out.push_back(mx::squeeze(mx::slice(both, {0, i, 0}, {h.shape(0), i + 1, width_}), 1));
    return out;
  }

 private:
  int width_, layers_;
  double scale_;
  nn::Embedding table_;
  nn::Linear projection_;
  nn::RmsNorm norm_;
};

class Gemma4 final : public Model {
 public:
  Gemma4(Gemma4Config config, nn::Weights& w, Traits traits)
      : Model(std::move(traits)),
        config_(std::move(config)),
        rope_(w.rope(config_.rope)),
        local_rope_(w.rope(config_.local_rope)),
        embed_tokens_(w.embedding("model.embed_tokens", config_.vocabulary, config_.hidden)),
        embedding_scale_(rounded(std::sqrt(static_cast<double>(config_.hidden)), w)),
        norm_(w.rms_norm("model.norm", config_.hidden, config_.eps)) {
    if (config_.layer_inputs > 0) layer_embeddings_.emplace(w, "model", config_);
    for (std::size_t i = 0; i < config_.layers.size(); ++i)
      layers_.emplace_back(w, "model.layers." + std::to_string(i), config_, i);
    if (traits_.head) lm_head_ = w.linear(*traits_.head, config_.hidden, config_.vocabulary, false);
    traits_.vocabulary = config_.vocabulary;
    traits_.kv.type = w.stored_type();
    for (const Gemma4Config::Layer& layer : config_.layers)
      if (layer.remembers)
        traits_.kv.layers.emplace_back(
            nn::KeysAndValues{layer.kv_heads, layer.head_size, layer.window});
  }

  mx::array forward(const Step& step) const override {
    const nn::Rotation rope = rope_.at(step.positions), local = local_rope_.at(step.positions);
    mx::array h = scaled(embed_tokens_(step.tokens), embedding_scale_);
    std::vector<mx::array> inputs;
    if (layer_embeddings_) inputs = (*layer_embeddings_)(step.tokens, h);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Rows rows{config_.layers[i].window > 0 ? local : rope, step.slices};
      const bool last = i + 1 == layers_.size();
      h = layers_[i](h, rows, inputs.empty() ? std::nullopt : std::optional(inputs[i]),
                     last ? &step.logits_rows : nullptr);
    }
    h = norm_(h);
    h = mx::astype(lm_head_ ? (*lm_head_)(h) : embed_tokens_.as_linear(h), mx::float32);
    return soft_capped(h, config_.softcap);
  }

 private:
  Gemma4Config config_;
  nn::Rope rope_, local_rope_;
  nn::Embedding embed_tokens_;
  double embedding_scale_;
  nn::RmsNorm norm_;
  std::optional<LayerEmbeddings> layer_embeddings_;
  std::vector<Layer> layers_;
  std::optional<nn::Linear> lm_head_;
};

}  // namespace

std::unique_ptr<Model> load_gemma4(const json::Node& config, nn::Weights& weights, Traits traits) {
  const json::Node text = config.get("text_config").value_or(config);
  return std::make_unique<Gemma4>(Gemma4Config::read(text, traits.vocabulary), weights,
                                  std::move(traits));
}

std::optional<std::string> rename_gemma4(const std::string& stored) {
  std::string name = stored;
  if (name.starts_with("model.") && name.find("language_model") != std::string::npos)
    name.erase(0, std::string_view("model.").size());
  for (const std::string_view part :
       {"vision_tower.", "multi_modal_projector.", "audio_tower.", "embed_audio.", "embed_vision."})
    for (const std::string_view where : {"", "model."})
      if (name.starts_with(std::string(where) + std::string(part))) return std::nullopt;
  // Bounds of clipped layers, which no layer of the language model is.
  for (const std::string_view bound : {"input_max", "input_min", "output_max", "output_min"})
    if (name.ends_with(bound)) return std::nullopt;
  constexpr std::string_view kLanguage = "language_model.";
  if (name.starts_with(kLanguage)) {
    name.erase(0, kLanguage.size());
    if (!name.starts_with("model.") && !name.starts_with("lm_head.")) name = "model." + name;
  }
  constexpr std::string_view kMixture = ".moe.experts.";
  if (const std::size_t at = name.find(kMixture); at != std::string::npos)
    name.replace(at, kMixture.size(), ".experts.");
  constexpr std::string_view kExperts = ".experts.switch_glu.";
  if (const std::size_t at = name.find(kExperts); at != std::string::npos)
    name.replace(at, kExperts.size(), ".switch_mlp.");
  return name;
}

}  // namespace sanctum::models
