#include "models/qwen3.h"

#include "base/json.h"
#include "models/qwen3_text.h"

namespace sanctum::models {
namespace {

class Qwen3 final : public Model {
 public:
  Qwen3(const Qwen3TextConfig& config, nn::Weights& weights, Traits traits)
      : Model(std::move(traits)), text_(config, weights, "model", traits_.head) {
    traits_.kv = {config.layers, config.kv_heads, config.head_size, weights.stored_type()};
    traits_.vocabulary = config.vocabulary;
  }
  mx::array forward(const Step& step) const override { return text_.forward(step); }

 private:
  Qwen3Text text_;
};

}  // namespace

std::unique_ptr<Model> load_qwen3(const json::Node& config, nn::Weights& weights, Traits traits) {
  return std::make_unique<Qwen3>(Qwen3TextConfig::read(config, /*vision=*/false), weights,
                                 std::move(traits));
}

}  // namespace sanctum::models
