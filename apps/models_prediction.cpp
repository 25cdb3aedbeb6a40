#include "apps/models_prediction.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "apps/command.h"
#include "apps/engine_opinion.h"
#include "apps/quantizing.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/size_text.h"
#include "catalog/gguf_outline.h"
#include "client/printable.h"
#include "platform/machine.h"
#include "settings/path_words.h"
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
  std::string name, place, architecture;
  std::string left_out;  // what of it is not served
  bool chat = true;      // it has a chat template
  Servable can;
  std::uint64_t kv_bytes = 0;         // that the setting grants
  std::uint64_t available_bytes = 0;  // of this machine
  std::optional<wire::ModelMemory> memory;
};

// Of one whose memory is known.
struct Fit {
  const wire::ModelMemory& memory;
  std::uint64_t kv_bytes = 0;         // that the setting grants
  std::uint64_t available_bytes = 0;  // of this machine

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

std::optional<Fit> fit_of(const Told& told) {
  if (!told.memory) return std::nullopt;
  return Fit{*told.memory, told.kv_bytes, told.available_bytes};
}

// By its files; whether a template can be used shows in a load.
bool has_chat_template(const std::string& directory) {
  for (const char* name : {"/chat_template.jinja", "/chat_template.json"})
    if (read_file_if_there(directory + name, kConfigBytesMax)) return true;
  const auto text = read_file_if_there(directory + "/tokenizer_config.json", kConfigBytesMax);
  return text && json::Document(*text, "tokenizer_config.json").root().has("chat_template");
}

// What its files say by themselves. Throws Error for one that cannot be read.
void look_at_files(const std::string& directory, Told& told) {
  const std::string text = read_file(directory + "/config.json", kConfigBytesMax);
  told.architecture = json::Document(text, "config.json").root().as_string_or("model_type", "");
  told.chat = has_chat_template(directory);
}

Told look(const std::string& name, const PredictionOptions& options,
          const std::string& not_served) {
  Told told;
  supervisor::FoundModel found;
  try {
    found = supervisor::find_model(name, supervisor::search_places());
  } catch (const Error& error) {
    throw Error(error.code(),
                error.what() + (not_served.empty() ? "" : "; nor is it served: " + not_served),
                "name");
  }
  std::optional<catalog::GgufOutline> outline;
  told.name = found.model;
  told.left_out = found.left_out;
  told.place = found.gguf.empty() ? found.path : found.gguf;
  if (std::string why = settings::why_not_handed_on(told.place); !why.empty()) {
    told.can = {false, std::move(why)};
    return told;
  }
  if (!found.gguf.empty()) {
    try {
      outline.emplace(found.gguf);
    } catch (const Error& error) {
      told.can = not_servable(error);
      return told;
    }
  }
  if (outline && !outline->left_out().empty())
    told.left_out += (told.left_out.empty() ? "" : "; ") + outline->left_out();
  const std::string directory = outline ? outline->path() : found.path;
  try {
    look_at_files(directory, told);
  } catch (const Error& error) {
    told.can = not_servable(error);
    return told;
  }
  told.kv_bytes = settings::ServeConfig().kv_bytes;
  if (!options.kv_bytes.empty()) {
    const auto bytes = read_size(options.kv_bytes);
    if (!bytes) throw Error(ErrorCode::kInvalid, "--kv-bytes wants a size like 4GiB", "kv_bytes");
    told.kv_bytes = *bytes;
  }
  told.available_bytes = platform::memory().available_bytes;
  std::vector<std::string> words{"--memory", "--kv-bytes", std::to_string(told.kv_bytes)};
  if (!options.kv_type.empty()) words.insert(words.end(), {"--kv-type", options.kv_type});
  EngineOpinion opinion = engine_opinion(told.name, directory, Clock::now() + kAskedForMax, words);
  told.can = std::move(opinion.can);
  told.memory = std::move(opinion.memory);
  if (outline) told.can.why = outline->as_told_of_file(told.can.why);
  return told;
}

std::string context_line(const Fit& fit) {
  const std::int64_t own = fit.memory.context_tokens, here = fit.context_here();
  const std::string all = std::to_string(own) + " tokens";
  if (here == own) return all + ", all that it has";
  const std::string some = std::to_string(here) + " of " + all;
  if (here < fit.context_by_setting()) return some + ": more does not fit here";
  return some + ": --kv-bytes " + exact_size_text(fit.kv_bytes) +
         " holds no more; all of it takes " + size_text(fit.memory.sequence_bytes(own));
}

std::string memory_line(const Fit& fit) {
  if (fit.fits())
    return size_text(fit.needed()) + " with one such context; " + size_text(fit.available_bytes) +
           " are free here: it fits";
  if (fit.context_by_setting() == 0)
    return "--kv-bytes " + exact_size_text(fit.kv_bytes) + " is too little for any context";
  return size_text(fit.with_room(fit.memory.weights_memory)) + " for the weights alone; " +
         size_text(fit.available_bytes) + " are free here: it does not fit";
}

void print(const Told& told) {
  const auto line = [](const char* name, const std::string& text) {
    std::printf("%-13s %s\n", name, text.c_str());
  };
  line("name", shown(told.name));
  line("place", shown(told.place));
  if (!told.architecture.empty()) line("architecture", shown(told.architecture));
  line("served?", word_of(told.can.yes) + (told.can.why.empty() ? "" : ": ") + told.can.why);
  if (!told.chat) line("chat", "no, it has no chat template: /v1/completions");
  if (!told.left_out.empty()) line("not served", shown(told.left_out));
  const auto fit = fit_of(told);
  if (!fit) return line("memory", "not told of what cannot be loaded");
  const wire::ModelMemory& memory = fit->memory;
  line("weights", size_text(memory.weight_bytes) + " (" + shown(memory.quantization) + "), " +
                      size_text(memory.weights_memory) + " once loaded (" + shown(memory.kernels) +
                      ")");
  for (const auto& kind : memory.kinds) {
    const std::string layers = ": " + std::to_string(kind.layers) + " layers of " + kind.name;
    const std::string last =
        kind.tokens_max > 0 ? ", the last " + std::to_string(kind.tokens_max) + " tokens" : "";
    if (kind.token_bytes > 0)
      line("a token", size_text(kind.token_bytes) + " of keys and values (" + memory.kv_type + ")" +
                          layers + last);
    else
      line("a sequence", size_text(kind.sequence_bytes) + layers);
  }
  line("context", context_line(*fit));
  line("memory", memory_line(*fit));
}

std::string as_json(const Told& told) {
  json::Writer w;
  w.begin_object().field("name", told.name).field("place", told.place);
  w.field("left_out", told.left_out).field("chat", told.chat);
  w.field("architecture", told.architecture).key("servable");
  if (told.can.yes)
    w.value(*told.can.yes);
  else
    w.null();
  w.field("reason", told.can.why);
  const auto fit = fit_of(told);
  if (!fit) return w.end_object().take();
  const wire::ModelMemory& memory = fit->memory;
  w.field("quantization", memory.quantization).field("kernels", memory.kernels);
  w.field("weight_bytes", memory.weight_bytes);
  w.field("weights_memory_bytes", memory.weights_memory).key("layers").begin_array();
  for (const auto& kind : memory.kinds) {
    w.begin_object().field("kind", kind.name).field("layers", kind.layers);
    w.field("token_bytes", kind.token_bytes).field("tokens_max", kind.tokens_max);
    w.field("sequence_bytes", kind.sequence_bytes).end_object();
  }
  w.end_array().field("kv_type", memory.kv_type).field("kv_token_bytes", memory.token_bytes());
  w.field("kv_bytes", fit->kv_bytes).field("own_context_tokens", memory.context_tokens);
  w.field("context_tokens", fit->context_here()).field("needed_bytes", fit->needed());
  w.field("available_bytes", fit->available_bytes).field("fits", fit->fits());
  return w.end_object().take();
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
  else {
    print(told);
    if (!told.architecture.empty()) print_quantizing(told.place, told.architecture);
  }
  const auto fit = fit_of(told);
  return told.can.yes.value_or(false) && fit && fit->fits() ? 0 : kExitNo;
}

}  // namespace sanctum
