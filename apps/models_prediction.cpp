#include "apps/models_prediction.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "apps/command.h"
#include "apps/engine_opinion.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/size_text.h"
#include "catalog/gguf_outline.h"
#include "catalog/memory_prediction.h"
#include "client/printable.h"
#include "convert/safetensors_file.h"
#include "platform/machine.h"
#include "settings/serve_config.h"
#include "supervisor/model_directory.h"

namespace sanctum {
namespace {

constexpr std::uint64_t kConfigBytesMax = 16u << 20;
constexpr std::chrono::seconds kAskedForMax{20};  // of the engine's program
constexpr std::size_t kShownCharactersMax = 300;
constexpr std::uint64_t kBeyondPercent = 15;  // of weights, keys and values: docs/memory.md

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

// What is known before loading.
struct Told {
  std::string name, place, architecture, quantization;
  std::uint64_t kv_bytes = 0;         // that the setting grants
  std::uint64_t available_bytes = 0;  // of this machine
  catalog::MemoryPrediction memory;
  Servable can;

  std::uint64_t with_room(std::uint64_t bytes) const {
    return bytes + bytes / 100 * kBeyondPercent;
  }
  std::int64_t context_by_setting() const { return memory.tokens_within(kv_bytes); }
  // Bytes for keys and values that this machine has beside the weights.
  std::uint64_t kv_bytes_here() const {
    const std::uint64_t all = available_bytes / (100 + kBeyondPercent) * 100;
    return all > memory.weights_memory ? all - memory.weights_memory : 0;
  }
  std::int64_t context_here() const {
    return std::min(context_by_setting(), memory.tokens_within(kv_bytes_here()));
  }
  std::uint64_t needed() const {
    return with_room(memory.weights_memory + memory.sequence_bytes(context_here()));
  }
  bool fits() const { return context_here() > 0; }
};

std::string quantization_of(const json::Node& config) {
  const auto node = config.get("quantization");
  if (!node || !node->is_object()) return "not quantized";
  return std::to_string(node->as_int_or("bits", 4)) + "-bit group " +
         std::to_string(node->as_int_or("group_size", 64));
}

Told look(const std::string& name, const PredictionOptions& options,
          const std::string& not_served) {
  Told told;
  supervisor::FoundModel found;
  try {
    found = supervisor::find_model(name, supervisor::search_places());
  } catch (const Error& error) {
    throw Error(error.code(),
                (not_served.empty() ? "" : not_served + "; nor does it lie here: ") + error.what(),
                "name");
  }
  std::optional<catalog::GgufOutline> outline;
  if (!found.gguf.empty()) outline.emplace(found.gguf);
  const std::string directory = outline ? outline->path() : found.path;
  told.name = found.model;
  told.place = outline ? found.gguf : found.path;
  const std::string text = read_file(directory + "/config.json", kConfigBytesMax);
  const json::Document config(text, "config.json");
  told.architecture = config.root().as_string_or("model_type", "");
  told.quantization = quantization_of(config.root());
  const auto form = options.kv_type == "int8" ? catalog::KvForm::kInt8 : catalog::KvForm::kStored;
  const convert::StoredWeights weights(directory);
  told.memory = catalog::predict_memory(config.root(), weights.tensors(), form);
  if (form == catalog::KvForm::kInt8) told.memory.stored_as = "int8";
  told.kv_bytes = settings::ServeConfig().kv_bytes;
  if (!options.kv_bytes.empty()) {
    const auto bytes = read_size(options.kv_bytes);
    if (!bytes) throw Error(ErrorCode::kInvalid, "--kv-bytes wants a size like 4GiB", "kv_bytes");
    told.kv_bytes = *bytes;
  }
  told.available_bytes = platform::memory().available_bytes;
  told.can = servable(told.name, directory, Clock::now() + kAskedForMax);
  if (outline) told.can.why = outline->as_told_of_file(told.can.why);
  return told;
}

std::string context_line(const Told& told) {
  const std::int64_t own = told.memory.context_tokens, here = told.context_here();
  const std::string all = std::to_string(own) + " tokens";
  if (here == own) return all + ", all that it has";
  const std::string some = std::to_string(here) + " of " + all;
  if (here < told.context_by_setting()) return some + ": more does not fit here";
  return some + ": --kv-bytes " + exact_size_text(told.kv_bytes) +
         " holds no more; all of it takes " + size_text(told.memory.sequence_bytes(own));
}

void print(const Told& told) {
  std::printf("name          %s\n", shown(told.name).c_str());
  std::printf("place         %s\n", shown(told.place).c_str());
  std::printf("architecture  %s\n", shown(told.architecture).c_str());
  std::printf("served?       %s%s%s\n", word_of(told.can.yes).c_str(),
              told.can.why.empty() ? "" : ": ", told.can.why.c_str());
  std::printf("weights       %s (%s)\n", size_text(told.memory.weight_bytes).c_str(),
              told.quantization.c_str());
  for (const auto& kind : told.memory.kinds) {
    std::printf("a token       %s of keys and values (%s): %d layers of %s",
                size_text(kind.token_bytes).c_str(), told.memory.stored_as.c_str(), kind.layers,
                kind.name.c_str());
    if (kind.tokens_max > 0)
      std::printf(", the last %lld tokens", static_cast<long long>(kind.tokens_max));
    std::printf("\n");
  }
  std::printf("context       %s\n", context_line(told).c_str());
  if (told.fits())
    std::printf("memory        %s with one such context; %s are free here: it fits\n",
                size_text(told.needed()).c_str(), size_text(told.available_bytes).c_str());
  else if (told.context_by_setting() == 0)
    std::printf("memory        --kv-bytes %s is too little for any context\n",
                exact_size_text(told.kv_bytes).c_str());
  else
    std::printf("memory        %s for the weights alone; %s are free here: it does not fit\n",
                size_text(told.with_room(told.memory.weights_memory)).c_str(),
                size_text(told.available_bytes).c_str());
}

std::string as_json(const Told& told) {
  json::Writer w;
  w.begin_object().field("name", told.name).field("place", told.place);
  w.field("architecture", told.architecture).field("quantization", told.quantization);
  w.field("weight_bytes", told.memory.weight_bytes);
  w.field("weights_memory_bytes", told.memory.weights_memory).key("layers").begin_array();
  for (const auto& kind : told.memory.kinds) {
    w.begin_object().field("kind", kind.name).field("layers", kind.layers);
    w.field("token_bytes", kind.token_bytes).field("tokens_max", kind.tokens_max);
    w.field("sequence_bytes", kind.sequence_bytes).end_object();
  }
  w.end_array().field("kv_type", told.memory.stored_as);
  w.field("kv_token_bytes", told.memory.token_bytes());
  w.field("kv_bytes", told.kv_bytes).field("own_context_tokens", told.memory.context_tokens);
  w.field("context_tokens", told.context_here()).field("needed_bytes", told.needed());
  w.field("available_bytes", told.available_bytes).field("fits", told.fits()).key("servable");
  if (told.can.yes)
    w.value(*told.can.yes);
  else
    w.null();
  w.field("reason", told.can.why).end_object();
  return w.take();
}

}  // namespace

void add_prediction_options(CLI::App& command, PredictionOptions& options) {
  command
      .add_option("--kv-bytes", options.kv_bytes,
                  "Of a model that is not served: as `serve --kv-bytes`")
      ->type_name("SIZE");
  command.add_option("--kv-type", options.kv_type, "Likewise, as `serve --kv-type`")
      ->check(CLI::IsMember({"stored", "int8"}));
  command.add_flag("--json", options.json, "Likewise, as one JSON object");
}

int print_prediction(const std::string& model, const PredictionOptions& options,
                     const std::string& not_served) {
  if (model.empty()) throw Error(ErrorCode::kInvalid, "name the model", "name");
  const Told told = look(model, options, not_served);
  if (options.json)
    std::printf("%s\n", as_json(told).c_str());
  else
    print(told);
  return told.fits() ? 0 : kExitNo;
}

}  // namespace sanctum
