#include "models/registry.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/nearest.h"
#include "models/files_state.h"
#include "models/gemma3.h"
#include "models/gemma4.h"
#include "models/qwen3_vl.h"
#include "models/qwen_hybrids.h"
#include "models/text_decoders.h"
#include "models/wrapped_language.h"

namespace sanctum::models {
namespace {

std::optional<std::string> keep_name(const std::string& stored) {
  return stored;
}

std::shared_ptr<const Processor> text_only(const json::Node&, const std::string&) {
  return std::make_shared<Processor>();
}

constexpr std::size_t kFamilyLetters = 3;  // that the names of its models begin with
constexpr std::size_t kNearestMax = 3;     // that are named

std::vector<std::string> of_the_same_family(const std::string& type,
                                            const std::vector<std::string>& known) {
  std::vector<std::string> near;
  for (const std::string& one : known)
    if (one.compare(0, kFamilyLetters, type, 0, kFamilyLetters) == 0) near.push_back(one);
  std::sort(near.begin(), near.end(), [&](const std::string& a, const std::string& b) {
    return std::pair(distance_between(type, a), a) < std::pair(distance_between(type, b), b);
  });
  near.resize(std::min(near.size(), kNearestMax));
  return near;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// What config.json says, if anything: transformers 5 writes it at the top level only.
std::optional<bool> stated_tie(const json::Node& config) {
  for (const auto& node : {config.get("text_config"), std::optional(config)}) {
    if (node && node->has("tie_word_embeddings")) return node->at("tie_word_embeddings").as_bool();
  }
  return std::nullopt;
}

int read_vocabulary(const json::Node& config, const json::Node& text, int fallback) {
  for (const json::Node& node : {text, config})
    if (const auto size = node.get("vocab_size"))
      return static_cast<int>(size->as_int(1, kVocabularyMax));
  if (fallback == 0) text.at("vocab_size").as_int();  // says that it is missing
  return fallback;
}

}  // namespace

const std::vector<Architecture>& architectures() {
  constexpr std::int64_t k2k = 2048, k32k = 32768, k128k = 131072, k256k = 262144;
  const std::string head = "lm_head", inside = "language_model.lm_head";
  static const std::vector<Architecture> list{
      {"gemma3", name_without_wrapper, load_gemma3, text_only, head, true, kGemma3Vocabulary,
       k128k},
      {"gemma3_text", name_without_wrapper, load_gemma3, text_only, head, true, kGemma3Vocabulary,
       k128k},
      {"gemma4", rename_gemma4, load_gemma4, text_only, head, true, kGemma4Vocabulary, k128k},
      {"gemma4_text", rename_gemma4, load_gemma4, text_only, head, true, kGemma4Vocabulary, k128k},
      {"gpt_oss", rename_gpt_oss, load_gpt_oss, text_only, head, false, 0, k128k},
      {"llama", rename_llama, load_llama, text_only, head, /*tied_by_default=*/true, 0, k2k},
      {"ministral3", rename_llama, load_ministral3, text_only, head, true, 0, k256k},
      {"mistral", rename_llama, load_mistral, text_only, head, true, 0, k128k},
      {"mistral3", rename_mistral3, load_mistral3, text_only, head, true, 0, k256k},
      {"mixtral", rename_mixtral, load_mixtral, text_only, head, true, 0, k128k},
      {"phi3", rename_llama, load_phi3, text_only, head, true},
      {"qwen2", rename_llama, load_qwen2, text_only, head, true, 0, k32k},
      {"qwen3", keep_name, load_qwen3, text_only, head, false, 0, k32k},
      {"qwen3_5", rename_qwen3_5, load_qwen3_5, make_qwen3_5_processor, inside, false, 0, k32k},
      {"qwen3_5_moe", rename_qwen3_5, load_qwen3_5, make_qwen3_5_processor, inside, false, 0, k32k},
      {"qwen3_5_moe_text", rename_qwen3_5_text, load_qwen3_5, text_only, inside, false, 0, k32k},
      {"qwen3_5_text", rename_qwen3_5_text, load_qwen3_5, text_only, inside, false, 0, k32k},
      {"qwen3_moe", rename_llama, load_qwen3_moe, text_only, head, false, 0, k32k},
      {"qwen3_next", rename_qwen3_next, load_qwen3_next, text_only, head, false, 0, k32k},
      {"qwen3_vl", rename_qwen3_vl, load_qwen3_vl, make_qwen3_vl_processor, inside, false, 0,
       128000},
      {"smollm3", rename_llama, load_smollm3, text_only, head, true, 0, k32k},
  };
  return list;
}

bool sees_pictures(const Architecture& one) {
  return one.processor != text_only;
}

Description describe(const std::string& directory) {
  Description out;
  out.directory = directory;
  out.files = files_state(directory);
  out.config_json = read_file(directory + "/config.json");
  const json::Document document(out.config_json, "config.json");
  const json::Node config = document.root();
  const std::string type = config.at("model_type").as_string();
  std::vector<std::string> known;
  for (const Architecture& one : architectures()) {
    if (one.model_type == type) out.architecture = &one;
    known.push_back(one.model_type);
  }
  if (out.architecture == nullptr) {
    const std::vector<std::string> near = of_the_same_family(type, known);
    config.at("model_type")
        .fail("is '" + type + "', which is not supported yet" +
              (near.empty() ? "" : "; nearest: " + listed(near)) + "; supported: " + listed(known));
  }
  const json::Node text = config.get("text_config").value_or(config);
  const auto context = text.get("max_position_embeddings");
  out.context_tokens = static_cast<int>(context ? context->as_int(1, kContextTokensMax)
                                                : out.architecture->context_default);
  out.vocabulary = read_vocabulary(config, text, out.architecture->vocabulary_default);
  return out;
}

std::shared_ptr<const Processor> load_processor(const Description& description) {
  const json::Document document(description.config_json, "config.json");
  return description.architecture->processor(document.root(), description.directory);
}

namespace {

// A layer is quantized by the name that config.json has for it, which is that of its tensors.
void rename_overrides(nn::QuantizationConfig& quantization, const Architecture& architecture) {
  constexpr std::string_view kTensor = ".weight";
  decltype(quantization.overrides) renamed;
  for (const auto& [layer, how] : quantization.overrides) {
    if (auto name = architecture.rename(layer + std::string(kTensor)))
      renamed[name->substr(0, name->size() - kTensor.size())] = how;
  }
  quantization.overrides = std::move(renamed);
}

std::unique_ptr<Model> load(
    const Description& description, const nn::BackendPointer& backend,
    const std::function<nn::Weights(nn::Checkpoint&, nn::QuantizationConfig)>& weights_of) {
  const json::Document document(description.config_json, "config.json");
  const json::Node config = document.root();
  const std::optional<bool> tie = stated_tie(config);
  nn::Checkpoint checkpoint(
      description.directory, [&](const std::string& stored) -> std::optional<std::string> {
        auto name = description.architecture->rename(stored);
        // Some exporters store the output head of a tied model once more.
        if (name && tie.value_or(false) && name->starts_with(description.architecture->head + "."))
          return std::nullopt;
        return name;
      });
  nn::QuantizationConfig quantization = nn::read_quantization(config, description.directory);
  rename_overrides(quantization, *description.architecture);
  Traits traits;
  traits.architecture = description.architecture->model_type;
  traits.context_tokens = description.context_tokens;
  traits.vocabulary = description.vocabulary;
  traits.quantization = quantization.describe();
  traits.kernels = backend->name();
  traits.same_under_load = backend->same_under_load();
  traits.numbers = backend->numbers();
  traits.weight_bytes = checkpoint.bytes();
  nn::Weights weights = weights_of(checkpoint, std::move(quantization));
  const std::string& head = description.architecture->head;
  if (!tie.value_or(description.architecture->tied_by_default && !weights.has(head + ".weight")))
    traits.head = head;
  auto model = description.architecture->load(config, weights, traits);
  weights.finish();
  return model;
}

}  // namespace

std::unique_ptr<Model> load_model(
    const Description& description, const nn::BackendPointer& backend,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return load(description, backend, [&](nn::Checkpoint& checkpoint, auto quantization) {
    return nn::Weights(checkpoint, std::move(quantization), backend,
                       [&](std::uint64_t done) { progress(done, checkpoint.bytes()); });
  });
}

Traits traits_of(const Description& description, const nn::BackendPointer& lazy,
                 nn::LoadPlan& plan) {
  return load(description, lazy,
              [&](nn::Checkpoint& checkpoint, auto quantization) {
                return nn::Weights::unread(checkpoint, std::move(quantization), lazy, plan);
              })
      ->traits();
}

}  // namespace sanctum::models
