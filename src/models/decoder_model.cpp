#include "models/decoder_model.h"

#include <utility>

#include "models/decoder.h"

namespace sanctum::models {
namespace {

class DecoderModel final : public Model {
 public:
  DecoderModel(const DecoderConfig& config, nn::Weights& weights, const std::string& body,
               Traits traits)
      : Model(std::move(traits)), decoder_(config, weights, body, traits_.head) {
    traits_.kv = remembered(config, weights.stored_type());
    traits_.vocabulary = config.vocabulary;
    traits_.short_context = config.rope.short_tokens;
  }
  mx::array forward(const Step& step) const override { return decoder_.forward(step); }

 private:
  Decoder decoder_;
};

}  // namespace

std::unique_ptr<Model> decoder_model(const DecoderConfig& config, nn::Weights& weights,
                                     const std::string& body, Traits traits) {
  return std::make_unique<DecoderModel>(config, weights, body, std::move(traits));
}

}  // namespace sanctum::models
