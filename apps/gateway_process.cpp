#include "apps/gateway_process.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "apps/control_listener.h"
#include "apps/control_socket.h"
#include "apps/engine_process.h"
#include "apps/exit.h"
#include "apps/fallback_server.h"
#include "apps/gateway_records.h"
#include "apps/keeper_watch.h"
#include "apps/part.h"
#include "apps/planned_restart.h"
#include "apps/probe_secret.h"
#include "apps/serving_file.h"
#include "apps/signal_watch.h"
#include "apps/switch_board.h"
#include "base/json.h"
#include "base/log.h"
#include "client/local_key.h"
#include "gateway/certificates.h"
#include "gateway/entrance.h"
#include "gateway/server.h"
#include "gateway/services.h"
#include "platform/descriptors.h"
#include "platform/lock_file.h"
#include "platform/machine.h"
#include "supervisor/model_directory.h"
#include "supervisor/program_file.h"
#include "supervisor/schedule.h"

namespace sanctum {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kGatewayThreads = 4;
constexpr milliseconds kLastWords{300};        // for the errors that a drain's end sends
constexpr milliseconds kStopBeyondDrain{900};  // whatever hangs
constexpr milliseconds kHousekeeping{1000};
constexpr std::size_t kDescriptorsReserved = 128;  // for all that is no connection

std::string without_scheme(const std::string& url) {
  const std::size_t at = url.find("://");
  return at == std::string::npos ? url : url.substr(at + 3);
}

// What the main thread waits for.
class Events {
 public:
  void signalled() {
    const std::lock_guard lock(mutex_);
    signalled_ = true;
    changed_.notify_all();
  }
  // Nobody keeps us any more.
  void orphaned() {
    const std::lock_guard lock(mutex_);
    signalled_ = orphaned_ = true;
    changed_.notify_all();
  }
  bool is_orphaned() const {
    const std::lock_guard lock(mutex_);
    return orphaned_;
  }
  void proven() {
    const std::lock_guard lock(mutex_);
    proven_ = true;
    changed_.notify_all();
  }
  // True when every model was proven to work, false when we are to end first. `meanwhile`: now and
  // then.
  bool wait_for_model(const std::function<void()>& meanwhile) {
    wait(meanwhile, [this] { return signalled_ || proven_; });
    const std::lock_guard lock(mutex_);
    return !signalled_;
  }
  void wait_for_signal(const std::function<void()>& meanwhile) {
    wait(meanwhile, [this] { return signalled_; });
  }

 private:
  template <class Condition>
  void wait(const std::function<void()>& meanwhile, Condition condition) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kHousekeeping, condition)) {
      lock.unlock();
      meanwhile();
      lock.lock();
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool signalled_ = false;
  bool orphaned_ = false;
  bool proven_ = false;
};

// Whoever has lost his keeper is gone when the drain's time is over: another server waits for it.
milliseconds drain_time(const ServeConfig& config, milliseconds less) {
  return std::max(milliseconds(0), seconds(config.drain_s) - less);
}

gateway::ConnectionLimits connection_limits() {
  gateway::ConnectionLimits limits;
  const std::size_t others = kDescriptorsReserved + limits.reserved;
  const std::size_t descriptors = platform::raise_descriptor_limit(limits.connections + others);
  if (descriptors < limits.connections + others) {
    limits.connections = descriptors > 2 * others ? descriptors - others : descriptors / 2;
    log::warn("few_descriptors", {{"limit", descriptors}, {"connections", limits.connections}});
  }
  return limits;
}

std::vector<wire::LoadRequest> models_of(const ServeConfig& config) {
  if (!config.found_models.empty()) return config.found_models;
  return {supervisor::built_in_model(supervisor::search_places())};
}

std::string listen(gateway::Server& server, const std::string& text, const std::string& field,
                   const char* scheme, const std::optional<gateway::TlsFiles>& tls) {
  if (text == "off") return {};
  const auto address = or_exit(kExitUsage, [&] { return gateway::parse_address(text, field); });
  const auto bound = or_exit(kExitAddress, [&] { return server.listen(address, tls); });
  if (!tls && !gateway::is_loopback(address)) {
    log::warn("plain_http_beyond_this_machine", {{"address", to_string(bound)}});
  }
  return std::string(scheme) + to_string(bound);
}

std::optional<gateway::TlsFiles> tls_files(const ServeConfig& config,
                                           const std::string& directory) {
  if (config.mtls_listen == "off") return std::nullopt;
  const auto address = gateway::parse_address(config.mtls_listen, "--mtls-listen");
  const auto ready = gateway::ready_certificates(directory, {address.host});
  if (ready.made) log::info("certificates_made", {{"directory", directory}});
  for (const auto& name : ready.added) log::info("server_certificate_names", {{"added", name}});
  for (const auto& name : ready.lacking) {
    log::warn("server_certificate_lacks",
              {{"name", name},
               {"advice",
                "clients that check names refuse it there: have it made anew with that "
                "name, or let `sanctum certs init --force` replace all certificates"}});
  }
  return gateway::TlsFiles{directory + "/ca.pem", directory + "/server.pem",
                           directory + "/server.key"};
}

// The one that was made before, so that commands go on that outlive a gateway.
std::string local_key_of(const std::string& state) {
  const auto known = client::read_local_key(state);
  return known ? known->key : gateway::make_api_key();
}

void share_local_key(const std::string& state, const std::string& key, const std::string& http) {
  try {
    client::write_local_key(state, {key, http});
  } catch (const Error& error) {
    // Our own commands will need another key; serving goes on.
    log::warn("local_key_not_written", {{"error", error.what()}});
  }
}

supervisor::WorkerOptions worker_options(const ServeConfig& config,
                                         std::vector<wire::LoadRequest> models,
                                         const platform::LockFile& lock) {
  supervisor::WorkerOptions options;
  options.path = config.engine;
  if (options.path.empty()) {
    options.path =
        (fs::path(platform::executable_path()).parent_path() / "sanctum-engine").string();
  }
  options.arguments = {"--rpc-fd",
                       "3",
                       "--heartbeat-fd",
                       "4",
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
  options.held = {lock.descriptor(), kLifeDescriptor};
  return options;
}

// An engine that somebody names for the next start; empty for the one that there is.
void check_program(const std::string& path) {
  if (path.empty()) return;
  if (path.front() != '/') throw Error(ErrorCode::kInvalid, "'engine' must be an absolute path");
  if (!supervisor::look_at_program(path).runnable)
    throw Error(ErrorCode::kInvalid, "'engine': there is no program that can be run at " + path);
}

// Requests come before all listeners are there.
class Listening {
 public:
  void are(gateway::ListenUrls urls) {
    const std::lock_guard lock(mutex_);
    urls_ = std::move(urls);
  }
  gateway::ListenUrls urls() const {
    const std::lock_guard lock(mutex_);
    return urls_;
  }

 private:
  mutable std::mutex mutex_;
  gateway::ListenUrls urls_;
};

// serving.json, as it stands on disk.
struct Record {
  std::string directory;
  Serving serving;
  bool written = false;
  void engine_is(int pid) {
    if (written && pid == serving.engine_pid) return;
    serving.engine_pid = pid;
    try {
      write_serving(directory, serving);
      written = true;
    } catch (const Error& error) {
      log::warn("serving_file", {{"error", error.what()}});
    }
  }
};

void housekeep(gateway::Timer& timer, const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {  // the next second's work is another
    log::error("housekeeping_failed", {{"error", error.what()}});
  }
  timer.arm(kHousekeeping, [&timer, &action] { housekeep(timer, action); });
}

// Null without a fallback. The records are there before the first request.
std::unique_ptr<FallbackServer> fallback_server(const ServeConfig& config,
                                                const std::unique_ptr<GatewayRecords>& records,
                                                std::function<void(const std::string&)> tell) {
  if (config.fallback.empty()) return nullptr;
  FallbackOptions options;
  options.endpoint.url = client::normalized_url(config.fallback);
  options.command = config.fallback_command;
  options.model = config.fallback_model;
  return std::make_unique<FallbackServer>(
      options, FallbackServer::News{
                   [&records](const std::string& where) { records->fallback_began(where); },
                   [&records](const std::string& how) { records->fallback_ended(how); },
                   [tell = std::move(tell)](int pid) { tell("fallback " + std::to_string(pid)); }});
}

std::string fallback_state(FallbackServer* fallback, const std::string& mode) {
  if (fallback == nullptr)
    throw Error(ErrorCode::kNotFound,
                "this server has no fallback; `serve --fallback URL` names one");
  if (!mode.empty()) fallback->set_mode(supervisor::fallback_mode(mode));
  const auto state = fallback->state();
  json::Writer w;
  w.begin_object().field("mode", to_string(state.mode)).field("serving", state.serving);
  w.field("where", fallback->where()).end_object();
  return w.take();
}

// Of the probes that the keeper can have run.
void check_probe(const std::string& name) {
  if (name != "alive" && name != "works" && name != "boots")
    throw Error(ErrorCode::kInvalid,
                "there is no probe '" + name + "'; there are alive, works and boots", "probe");
}

std::string or_off(const std::string& url) {
  return url.empty() ? "off" : without_scheme(url);
}

}  // namespace

int run_gateway(const ServeConfig& config, int keeper_socket) {
  const std::string& state = config.state_dir;
  platform::LockFile lock(kLockDescriptor);
  auto models = or_exit(kExitFailure, [&] { return models_of(config); });
  const std::string certificates = state + "/certs";
  const auto tls = or_exit(kExitFailure, [&] { return tls_files(config, certificates); });

  const auto tell = [keeper_socket](const std::string& line) { tell_keeper(keeper_socket, line); };
  Events events;
  std::unique_ptr<GatewayRecords> records;  // has threads: made once signals are watched
  EngineProcess process(
      worker_options(config, std::move(models), lock), seconds(config.ready_timeout_s),
      {[&](const std::string& model, const wire::Failure* failure) {
         records->model_settled(model, failure);
         if (failure == nullptr && config.probes == "off") events.proven();
       },
       [tell](int pid) { tell("engine " + std::to_string(pid)); },
       [&records](supervisor::WorkerState, supervisor::WorkerState to, const std::string& reason) {
         records->worker_changed(to, reason);
       },
       [&records](const std::string& reason) { records->worker_unsteady(reason); },
       [&records](const std::string& program, const std::string& reason) {
         records->worker_went_back(program, reason);
       }});
  const auto fallback = or_exit(kExitUsage, [&] { return fallback_server(config, records, tell); });
  const auto end_children = [&] {
    process.worker().kill();
    if (fallback) fallback->kill();
  };
  const SignalWatch signal_watch({[&events] { events.signalled(); }, end_children},
                                 seconds(config.drain_s) + kStopBeyondDrain, kExitCut);
  const KeeperWatch keeper_watch(keeper_socket,
                                 {[&] {
                                    lock.name({static_cast<int>(::getpid()), process.status().pid});
                                    events.orphaned();
                                  },
                                  end_children},
                                 drain_time(config, kLastWords), kExitCut);
  records = std::make_unique<GatewayRecords>(state);

  gateway::Gate gate({config.max_sequences, config.queue});
  gateway::Metrics metrics;
  gateway::Services services{process.engine(), gate, metrics};
  Listening listening;
  services.urls = [&listening] { return listening.urls(); };
  services.certificates = certificates;
  services.ready_timeout = seconds(config.ready_timeout_s);
  services.records = records->requests();
  services.incidents = [&records] { return records->incidents(); };
  gateway::Proofs proofs;
  if (config.probes == "on") {
    services.proofs = &proofs;
    services.proof_age_max = seconds(config.probe.proof_age_max_s);
    services.probe_secret = or_exit(kExitFailure, [&] { return probe_secret(state); });
  }
  const auto local_key = or_exit(kExitFailure, [&] { return local_key_of(state); });
  gateway::Entrance entrance(state, or_exit(kExitConfiguration, [&] {
                               return gateway::EntranceSettings{
                                   gateway::origin_settings(config.allow_host, config.allow_origin),
                                   services.probe_secret, local_key};
                             }));
  services.wants_key = [&entrance] { return entrance.wants_key(); };
  gateway::Router router;
  add_completions(router, services);
  add_models(router, services);
  add_status(router, services);
  add_metrics(router, services);
  add_page(router, services);
  services.fallback = fallback.get();
  PlannedRestart planned(*records, [tell] { tell("restart"); });
  supervisor::Scheduler scheduler;
  if (!config.restart_at.empty())
    scheduler.add("restart", or_exit(kExitConfiguration, [&] {
                    return supervisor::parse_schedule(config.restart_at, "restart_at");
                  }));
  SwitchBoard board(state, process.worker(), gate, *records);
  gateway::Control control{
      services,
      [&process] { process.worker().wake(); },
      [&process](const std::string& reason) { process.worker().replace(reason); },
      [&process, &records](const std::string& program) {
        check_program(program);
        records->worker_replaced();
        process.worker().retire(program);
      },
      [&](std::vector<gateway::OpenIncident> incidents) {
        records->probes_told(std::move(incidents));
        process.engine().models([&](const auto& failure, const auto& models) {
          const auto records = proofs.of(models);  // none while nothing is loaded
          if (failure || records.empty() ||
              gateway::unproven(records, Clock::now(), services.proof_age_max))
            return;
          events.proven();
          if (fallback) fallback->proven(gateway::oldest(records));
        });
      },
      [tell](const std::string& probe) {
        check_probe(probe);
        tell("run " + probe);
      },
      [&board] { return board.now(); },
      [&board](std::string_view name, bool on) { board.set(name, on); },
      [&fallback](const std::string& mode) { return fallback_state(fallback.get(), mode); },
      [&planned] { return planned.ask(); }};
  gateway::Router control_router;
  add_control(control_router, control);
  add_status(control_router, services);
  // Above is what running requests hold on to: it must outlive the loop that may still hold them.
  gateway::EventLoop loop(kGatewayThreads);
  const auto through = [](gateway::Router& to) {
    return [&to](const std::shared_ptr<gateway::Exchange>& exchange) { to.handle(exchange); };
  };
  gateway::Server server(
      loop, connection_limits(), through(router),
      {[&entrance](const gateway::HttpRequest& head) { return entrance.judge(head); },
       [&services](const gateway::HttpRequest& head) {
         return shows_secret(head, services.probe_secret);
       },
       [&records](bool so, const std::string& why) { records->newcomers_turned_away(so, why); }});
  services.draining = [&server] { return server.draining(); };
  const gateway::ListenUrls urls{
      listen(server, config.listen, "--listen", "http://", std::nullopt),
      listen(server, config.mtls_listen, "--mtls-listen", "https://", tls)};
  listening.are(urls);
  std::optional<ControlListener> control_listener;
  or_exit(kExitFailure,
          [&] { control_listener.emplace(loop, control_socket(state), through(control_router)); });
  share_local_key(state, local_key, without_scheme(urls.plain));
  log::info("listening", {{"http", urls.plain}, {"mtls", urls.mtls}, {"state_dir", state}});
  tell("listening " + or_off(urls.plain) + " " + or_off(urls.mtls));

  Record record{state,
                {static_cast<int>(::getppid()), static_cast<int>(::getpid()), -1,
                 without_scheme(urls.plain), without_scheme(urls.mtls)}};
  process.worker().start();
  const auto strand = loop.make_strand();
  const std::shared_ptr<gateway::Timer> timer = strand->make_timer();
  const std::function<void()> every_second = [&] {
    record.engine_is(process.status().pid);
    process.engine().expire(Clock::now());
    if (!scheduler.due(supervisor::local_now()).empty()) planned.ask();
  };
  strand->post([timer, &every_second] { housekeep(*timer, every_second); });

  const auto look = [&control_listener] { control_listener->look(); };
  if (events.wait_for_model(look)) {
    tell("ready" + (urls.plain.empty() ? "" : " " + urls.plain) +
         (urls.mtls.empty() ? "" : " " + urls.mtls));
  }
  events.wait_for_signal(look);

  const wire::Failure ending{ErrorCode::kUnavailable, "the server is shutting down", {}};
  int cut = 0;
  const bool orphaned = events.is_orphaned();
  if (!server.drain(drain_time(config, orphaned ? kStopBeyondDrain : milliseconds(0)))) {
    cut = process.engine().fail_all(ending);
    log::warn("drain_ended", {{"connections", server.connections()}, {"requests_cut", cut}});
    server.drain(kLastWords);
    process.worker().kill();  // it had its time
    server.abort();
  }
  process.worker().stop();
  process.engine().fail_all(ending);  // those whose clients had left
  if (fallback) fallback->end();
  control_listener->end();
  loop.stop();
  remove_serving(state, record.serving);
  log::info("stopped", {{"requests_cut", cut}});
  return cut > 0 ? kExitCut : 0;
}

}  // namespace sanctum
