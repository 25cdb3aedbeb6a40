#include "apps/serve_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <vector>

#include "apps/ranges.h"

namespace sanctum {

bool ServeOptions::decided(const Setting& setting) const {
  return setting.option->count() > 0;
}

std::shared_ptr<ServeOptions> add_serve_options(CLI::App& command, ServeConfig& config) {
  auto options = std::make_shared<ServeOptions>();
  const auto add = [&](const char* name, auto& value, const char* variable, const char* key,
                       const char* what) {
    auto* option = command.add_option(name, value, what)->capture_default_str();
    if (*variable != '\0') option->envname(variable);
    options->settings.push_back({key, name, &value, option});
    return option;
  };
  add("models", config.models, "", "models",
      "A directory, or org/name of a downloaded model; the built-in model when none is named")
      ->type_name("MODEL");
  add("--state-dir", config.state_dir, "SANCTUM_STATE_DIR", "state_dir",
      "Where certificates and records are kept (default: $XDG_STATE_HOME/sanctum or "
      "~/.local/state/sanctum)");
  add("--listen", config.listen, "SANCTUM_LISTEN", "listen",
      "Address for plain HTTP; port 0 picks one; off")
      ->take_last();
  add("--mtls-listen", config.mtls_listen, "SANCTUM_MTLS_LISTEN", "mtls_listen",
      "Address for mutual TLS; port 0 picks one; off")
      ->take_last();
  add("--allow-host", config.allow_host, "SANCTUM_ALLOW_HOST", "allow_host",
      "A name by which plain HTTP is called, beyond the listener's own address and localhost; *: "
      "any. May be given several times")
      ->type_name("NAME")
      ->delimiter(',')
      ->allow_extra_args(false);
  add("--allow-origin", config.allow_origin, "SANCTUM_ALLOW_ORIGIN", "allow_origin",
      "Whose web pages may use the server, beyond localhost's, such as https://app.example.org; *: "
      "any. May be given several times")
      ->type_name("ORIGIN")
      ->delimiter(',')
      ->allow_extra_args(false);
  add("--engine", config.engine, "SANCTUM_ENGINE", "engine",
      "The engine's program (default: beside this one)");
  add("--max-sequences", config.max_sequences, "SANCTUM_MAX_SEQUENCES", "max_sequences",
      "Requests that the engine serves at once")
      ->check(CLI::Range(kMaxSequences.low, kMaxSequences.high));
  add("--queue", config.queue, "SANCTUM_QUEUE", "queue", "Requests that may wait beyond those")
      ->check(CLI::Range(kQueue.low, kQueue.high));
  add("--kernels", config.kernels, "SANCTUM_KERNELS", "kernels",
      "What models compute with. cpu: our kernels; mlx: MLX's operations; auto: ours without a GPU")
      ->check(CLI::IsMember(kKernels));
  add("--threads", config.threads, "SANCTUM_THREADS", "threads",
      "Threads of our kernels; 0: one for each core")
      ->check(CLI::Range(kThreads.low, kThreads.high));
  add("--kv-bytes", config.kv_bytes, "SANCTUM_KV_BYTES", "kv_bytes",
      "Memory for each model's keys and values, such as 2GiB")
      ->transform(CLI::AsSizeValue(false));
  add("--kv-type", config.kv_type, "SANCTUM_KV_TYPE", "kv_type",
      "How keys and values are kept. stored: as the weights are; int8: in half of 16 bits")
      ->check(CLI::IsMember(kKvTypes));
  add("--prefix-cache-bytes", config.prefix_cache_bytes, "SANCTUM_PREFIX_CACHE_BYTES",
      "prefix_cache_bytes", "Of that, what may keep prefixes between requests; 0: none")
      ->transform(CLI::AsSizeValue(false));
  add("--ready-timeout", config.ready_timeout_s, "SANCTUM_READY_TIMEOUT", "ready_timeout_s",
      "Seconds that a request waits for a model that is loading")
      ->check(CLI::Range(kReadyTimeoutS.low, kReadyTimeoutS.high));
  add("--drain", config.drain_s, "SANCTUM_DRAIN", "drain_s",
      "Seconds that running requests get when stopping")
      ->check(CLI::Range(kDrainS.low, kDrainS.high));
  add("--log-level", config.log_level, "SANCTUM_LOG_LEVEL", "log_level",
      "debug, info, warn or error");
  add("--fallback", config.fallback, "SANCTUM_FALLBACK", "fallback",
      "URL of another OpenAI-compatible server, which answers while our engine cannot")
      ->type_name("URL");
  add("--fallback-command", config.fallback_command, "SANCTUM_FALLBACK_COMMAND", "fallback_command",
      "What starts that server when it is needed first; it listens at --fallback");
  add("--fallback-model", config.fallback_model, "SANCTUM_FALLBACK_MODEL", "fallback_model",
      "The model it is asked for (default: the one that was asked for)");
  add("--restart-at", config.restart_at, "SANCTUM_RESTART_AT", "restart_at",
      "A planned restart, such as \"daily 04:00\" or \"sun 04:30\", local time")
      ->type_name("WHEN");
  add("--probes", config.probes, "SANCTUM_PROBES", "probes",
      "Prove again and again that the server answers, that its models work, that a restart would")
      ->check(CLI::IsMember(kSwitch));
  for (const ProbeKey& probe : probe_keys(config.probe)) {
    std::string variable = "SANCTUM_" + probe.key;
    std::transform(variable.begin(), variable.end(), variable.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    add(probe.flag().c_str(), *probe.value, variable.c_str(), probe.key.c_str(), probe.what.c_str())
        ->check(CLI::Range(probe.range.low, probe.range.high))
        ->group("Probes");
  }
  command.add_option("--config", options->file, "A TOML file with the same settings")
      ->envname("SANCTUM_CONFIG");
  return options;
}

}  // namespace sanctum
