// sanctum serve: gateway, supervisor and engine, from one command.
#include <CLI/CLI.hpp>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "apps/commands.h"
#include "apps/engine_process.h"
#include "apps/ranges.h"
#include "apps/serve_config.h"
#include "base/error.h"
#include "base/log.h"
#include "gateway/certificates.h"
#include "gateway/server.h"
#include "gateway/services.h"
#include "platform/descriptors.h"
#include "platform/lock_file.h"
#include "platform/machine.h"
#include "supervisor/model_directory.h"

namespace sanctum {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;
constexpr int kExitLocked = 64;
constexpr int kExitAddress = 69;
constexpr int kExitConfiguration = 78;

constexpr int kGatewayThreads = 4;
constexpr milliseconds kLastWords{1000};  // for the errors that a drain's end sends
constexpr milliseconds kHousekeeping{1000};
constexpr std::size_t kDescriptorsReserved = 128;  // for all that is no connection

// Which exit code an Error means depends on where it comes from.
struct Exit {
  int code;
  std::string message;
};

template <class Action>
auto or_exit(int code, Action action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Exit{code, error.what()};
  }
}

// What the main thread waits for.
class Events {
 public:
  void signalled() {
    const std::lock_guard lock(mutex_);
    signalled_ = true;
    changed_.notify_all();
  }
  void loaded() {
    const std::lock_guard lock(mutex_);
    loaded_ = true;
    changed_.notify_all();
  }
  // True when a model is ready, false when we are to end first.
  bool wait_for_model() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return signalled_ || loaded_; });
    return !signalled_;
  }
  void wait_for_signal() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return signalled_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool signalled_ = false;
  bool loaded_ = false;
};

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

// Turns the first ending signal into an event and the second into an end at once. Signals are
// blocked in every other thread, so this must exist before any other. Its thread outlives it, and
// leaves alone what it was given from then on.
class SignalWatch {
 public:
  SignalWatch(Events& events, EngineProcess& process)
      : targets_(std::make_shared<Targets>(&events, &process)) {
    std::thread([targets = targets_] {
      const sigset_t set = ending_signals();
      int number = 0;
      ::sigwait(&set, &number);
      log::info("stopping", {{"signal", number}});
      targets->with([](Events& e, EngineProcess&) { e.signalled(); });
      ::sigwait(&set, &number);
      log::warn("stopping_now", {{"signal", number}});
      targets->with([](Events&, EngineProcess& p) { p.worker().kill(); });
      std::_Exit(kExitFailure);
    }).detach();
  }
  ~SignalWatch() {
    const std::lock_guard lock(targets_->mutex);
    targets_->events = nullptr;
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct Targets {
    Targets(Events* e, EngineProcess* p) : events(e), process(p) {}
    template <class Action>
    void with(Action action) {
      const std::lock_guard lock(mutex);
      if (events != nullptr) action(*events, *process);
    }
    std::mutex mutex;
    Events* events;  // null once serve() is over
    EngineProcess* process;
  };
  const std::shared_ptr<Targets> targets_;
};

gateway::ConnectionLimits connection_limits() {
  gateway::ConnectionLimits limits;
  const std::size_t descriptors =
      platform::raise_descriptor_limit(limits.connections + kDescriptorsReserved);
  if (descriptors < limits.connections + kDescriptorsReserved) {
    limits.connections = descriptors > 2 * kDescriptorsReserved ? descriptors - kDescriptorsReserved
                                                                : descriptors / 2;
    log::warn("few_descriptors", {{"limit", descriptors}, {"connections", limits.connections}});
  }
  return limits;
}

std::vector<wire::LoadRequest> find_models(const ServeConfig& config) {
  const auto places = supervisor::search_places();
  std::vector<wire::LoadRequest> models;
  if (config.models.empty()) models.push_back(supervisor::built_in_model(places));
  for (const auto& name : config.models) models.push_back(supervisor::find_model(name, places));
  return models;
}

std::string state_directory(const ServeConfig& config) {
  const std::string directory = config.state_dir.empty() ? default_state_dir() : config.state_dir;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw Exit{kExitFailure, "cannot create " + directory + ": " + error.message()};
  return fs::absolute(directory).string();
}

std::unique_ptr<platform::LockFile> lock(const std::string& directory) {
  try {
    return std::make_unique<platform::LockFile>(directory + "/lock");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBusy) throw Exit{kExitFailure, error.what()};
    throw Exit{kExitLocked,
               std::string("another sanctum serves this state directory: ") + error.what()};
  }
}

std::string listen(gateway::Server& server, const std::string& text, const std::string& field,
                   const char* scheme, const std::optional<gateway::TlsFiles>& tls) {
  if (text == "off") return {};
  const auto address = or_exit(kExitUsage, [&] { return gateway::parse_address(text, field); });
  const auto bound = or_exit(kExitAddress, [&] { return server.listen(address, tls); });
  if (!tls && address.host != "127.0.0.1" && address.host != "::1") {
    log::warn("plain_http_beyond_this_machine", {{"address", to_string(bound)}});
  }
  return std::string(scheme) + to_string(bound);
}

std::optional<gateway::TlsFiles> tls_files(const ServeConfig& config,
                                           const std::string& directory) {
  if (config.mtls_listen == "off") return std::nullopt;
  if (!gateway::have_certificates(directory)) {
    gateway::make_certificates(directory, false);
    log::info("certificates_made", {{"directory", directory}});
  }
  return gateway::TlsFiles{directory + "/ca.pem", directory + "/server.pem",
                           directory + "/server.key"};
}

supervisor::WorkerOptions worker_options(const ServeConfig& config,
                                         std::vector<wire::LoadRequest> models) {
  supervisor::WorkerOptions options;
  options.path = config.engine;
  if (options.path.empty()) {
    options.path =
        (fs::path(platform::executable_path()).parent_path() / "sanctum-engine").string();
  }
  options.arguments = {"--rpc-fd",
                       "3",
                       "--max-sequences",
                       std::to_string(config.max_sequences),
                       "--queue",
                       std::to_string(config.queue),
                       "--kernels",
                       config.kernels,
                       "--threads",
                       std::to_string(config.threads),
                       "--kv-bytes",
                       std::to_string(config.kv_bytes),
                       "--kv-type",
                       config.kv_type,
                       "--prefix-cache-bytes",
                       std::to_string(config.prefix_cache_bytes)};
  options.models = std::move(models);
  return options;
}

void housekeep(gateway::Timer& timer, gateway::RemoteEngine& engine) {
  timer.arm(kHousekeeping, [&timer, &engine] {
    engine.expire(Clock::now());
    housekeep(timer, engine);
  });
}

int serve(const ServeConfig& config) {
  or_exit(kExitUsage, [&] { log::set_level(config.log_level); });
  const std::string state = state_directory(config);
  const auto held = lock(state);
  auto models = or_exit(kExitFailure, [&] { return find_models(config); });
  const std::string certificates = state + "/certs";
  const auto tls = or_exit(kExitFailure, [&] { return tls_files(config, certificates); });

  const sigset_t signals = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Events events;
  EngineProcess process(worker_options(config, std::move(models)), seconds(config.ready_timeout_s),
                        [&events](const std::string&, const wire::Failure* failure) {
                          if (failure == nullptr) events.loaded();
                        });
  const SignalWatch signal_watch(events, process);

  gateway::Gate gate({config.max_sequences, config.queue});
  gateway::Metrics metrics;
  gateway::Services services{process.engine(), gate,        metrics, {}, {}, {}, {},
                             certificates,     Clock::now()};
  services.ready_timeout = seconds(config.ready_timeout_s);
  gateway::Router router;
  add_completions(router, services);
  add_models(router, services);
  add_status(router, services);
  add_metrics(router, services);
  add_page(router, services);
  // Above is what running requests hold on to: it must outlive the loop that may still hold them.
  gateway::EventLoop loop(kGatewayThreads);
  gateway::Server server(
      loop, connection_limits(),
      [&router](const std::shared_ptr<gateway::Exchange>& exchange) { router.handle(exchange); });
  services.draining = [&server] { return server.draining(); };
  services.plain_url = listen(server, config.listen, "--listen", "http://", std::nullopt);
  services.mtls_url = listen(server, config.mtls_listen, "--mtls-listen", "https://", tls);
  log::info("listening",
            {{"http", services.plain_url}, {"mtls", services.mtls_url}, {"state_dir", state}});

  process.worker().start();
  const auto strand = loop.make_strand();
  const std::shared_ptr<gateway::Timer> timer = strand->make_timer();
  strand->post([timer, &process] { housekeep(*timer, process.engine()); });

  if (events.wait_for_model()) {
    std::printf("ready%s%s\n", services.plain_url.empty() ? "" : (" " + services.plain_url).c_str(),
                services.mtls_url.empty() ? "" : (" " + services.mtls_url).c_str());
    std::fflush(stdout);
  }
  events.wait_for_signal();

  const wire::Failure ending{ErrorCode::kUnavailable, "the server is shutting down", {}};
  if (!server.drain(seconds(config.drain_s))) {
    log::warn("drain_ended", {{"connections", server.connections()}});
    process.engine().fail_all(ending);
    server.drain(kLastWords);
    server.abort();
  }
  process.worker().stop();
  process.engine().fail_all(ending);  // those whose clients had left
  loop.stop();
  log::info("stopped");
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("serve", "Serve models over HTTP and mutual TLS");
  const auto config = std::make_shared<ServeConfig>();
  const auto file = std::make_shared<std::string>();
  command->footer(
      "A line `ready URL...` appears on standard output when a model can be asked.\n"
      "SIGTERM and Ctrl-C let running requests finish for a few seconds; a second one ends at "
      "once.\n"
      "Exit codes: 0 stopped as asked, 1 failure, 2 wrong usage, 64 another sanctum serves this "
      "state\n"
      "directory, 69 an address is in use, 78 bad configuration file.");
  struct Setting {
    CLI::Option* option;
    std::string key;
  };
  std::vector<Setting> settings;
  const auto add = [&](const char* name, auto& value, const char* variable, const char* key,
                       const char* what) {
    auto* option = command->add_option(name, value, what)->capture_default_str();
    if (*variable != '\0') option->envname(variable);
    settings.push_back({option, key});
    return option;
  };
  add("models", config->models, "", "models",
      "A directory, or org/name of a downloaded model; the built-in model when none is named")
      ->type_name("MODEL");
  add("--state-dir", config->state_dir, "SANCTUM_STATE_DIR", "state_dir",
      "Where certificates and records are kept (default: $XDG_STATE_HOME/sanctum or "
      "~/.local/state/sanctum)");
  add("--listen", config->listen, "SANCTUM_LISTEN", "listen",
      "Address for plain HTTP; port 0 picks one; off");
  add("--mtls-listen", config->mtls_listen, "SANCTUM_MTLS_LISTEN", "mtls_listen",
      "Address for mutual TLS; port 0 picks one; off");
  add("--engine", config->engine, "SANCTUM_ENGINE", "engine",
      "The engine's program (default: beside this one)");
  add("--max-sequences", config->max_sequences, "SANCTUM_MAX_SEQUENCES", "max_sequences",
      "Requests that the engine serves at once")
      ->check(CLI::Range(kMaxSequences.low, kMaxSequences.high));
  add("--queue", config->queue, "SANCTUM_QUEUE", "queue", "Requests that may wait beyond those")
      ->check(CLI::Range(kQueue.low, kQueue.high));
  add("--kernels", config->kernels, "SANCTUM_KERNELS", "kernels",
      "What models compute with. cpu: our kernels; mlx: MLX's operations; auto: ours without a GPU")
      ->check(CLI::IsMember(kKernels));
  add("--threads", config->threads, "SANCTUM_THREADS", "threads",
      "Threads of our kernels; 0: one for each core")
      ->check(CLI::Range(kThreads.low, kThreads.high));
  add("--kv-bytes", config->kv_bytes, "SANCTUM_KV_BYTES", "kv_bytes",
      "Memory for each model's keys and values, such as 2GiB")
      ->transform(CLI::AsSizeValue(false));
  add("--kv-type", config->kv_type, "SANCTUM_KV_TYPE", "kv_type",
      "How keys and values are kept. stored: as the weights are; int8: in half of 16 bits")
      ->check(CLI::IsMember(kKvTypes));
  add("--prefix-cache-bytes", config->prefix_cache_bytes, "SANCTUM_PREFIX_CACHE_BYTES",
      "prefix_cache_bytes", "Of that, what may keep prefixes between requests; 0: none")
      ->transform(CLI::AsSizeValue(false));
  add("--ready-timeout", config->ready_timeout_s, "SANCTUM_READY_TIMEOUT", "ready_timeout_s",
      "Seconds that a request waits for a model that is loading")
      ->check(CLI::Range(kReadyTimeoutS.low, kReadyTimeoutS.high));
  add("--drain", config->drain_s, "SANCTUM_DRAIN", "drain_s",
      "Seconds that running requests get when stopping")
      ->check(CLI::Range(kDrainS.low, kDrainS.high));
  add("--log-level", config->log_level, "SANCTUM_LOG_LEVEL", "log_level",
      "debug, info, warn or error");
  command->add_option("--config", *file, "A TOML file with the same settings")
      ->envname("SANCTUM_CONFIG");

  command->callback([config, file, settings, &exit_code] {
    try {
      if (!file->empty()) {
        std::vector<std::string> decided;
        for (const auto& setting : settings) {
          if (setting.option->count() > 0) decided.push_back(setting.key);
        }
        or_exit(kExitConfiguration, [&] { read_config_file(*file, decided, *config); });
      }
      exit_code = serve(*config);
    } catch (const Exit& exit) {
      std::fprintf(stderr, "sanctum: %s\n", exit.message.c_str());
      exit_code = exit.code;
    }
  });
}

}  // namespace sanctum
