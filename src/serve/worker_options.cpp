#include "serve/worker_options.h"

#include <filesystem>
#include <utility>

#include "base/exit_code.h"
#include "platform/machine.h"
#include "supervisor/model_directory.h"

namespace sanctum::serve {
namespace {

std::vector<wire::LoadRequest> models_of(const settings::ServeConfig& config) {
  if (!config.found_models.empty()) return config.found_models;
  return or_exit(kExitFailure, [] {
    return std::vector{supervisor::built_in_model(supervisor::search_places())};
  });
}

std::string beside_us(const std::string& name) {
  return (std::filesystem::path(platform::executable_path()).parent_path() / name).string();
}

}  // namespace

supervisor::WorkerOptions worker_options(const settings::ServeConfig& config,
                                         std::vector<int> held) {
  supervisor::WorkerOptions options;
  options.path = config.engine.empty() ? beside_us("sanctum-engine") : config.engine;
  options.arguments = {"--rpc-fd", "3", "--heartbeat-fd", "4"};
  for (auto& word : engine_words(config)) options.arguments.push_back(std::move(word));
  options.models = models_of(config);
  options.held = std::move(held);
  return options;
}

std::vector<std::string> engine_words(const settings::ServeConfig& config) {
  const std::pair<const char*, std::string> pairs[] = {
      {"--max-sequences", std::to_string(config.max_sequences)},
      {"--queue", std::to_string(config.queue)},
      {"--kernels", config.kernels},
      {"--threads", std::to_string(config.threads)},
      {"--kv-bytes", std::to_string(config.kv_bytes)},
      {"--kv-type", config.kv_type},
      {"--prefix-cache-bytes", std::to_string(config.prefix_cache_bytes)}};
  std::vector<std::string> words;
  for (const auto& [flag, value] : pairs) words.insert(words.end(), {flag, value});
  if (config.activations != settings::kActivations.front())
    words.insert(words.end(), {"--activation-bits", config.activations});
  return words;
}

}  // namespace sanctum::serve
