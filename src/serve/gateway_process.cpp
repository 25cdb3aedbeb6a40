#include "serve/gateway_process.h"

#include <unistd.h>

#include <algorithm>
#include <future>
#include <memory>
#include <utility>

#include "base/exit_code.h"
#include "base/json.h"
#include "base/log.h"
#include "catalog/import_place.h"
#include "client/control_client.h"
#include "client/local_key.h"
#include "gateway/api_keys.h"
#include "probes/works.h"
#include "serve/part.h"
#include "serve/state_secret.h"
#include "serve/worker_options.h"
#include "supervisor/model_directory.h"
#include "supervisor/program_file.h"

namespace sanctum::serve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kGatewayThreads = 4;
constexpr milliseconds kLastWords{300};        // for the errors that a drain's end sends
constexpr milliseconds kStopBeyondDrain{900};  // whatever hangs
constexpr milliseconds kHousekeeping{1000};
constexpr milliseconds kToldWithin{1000};  // by the engine: nobody waits longer to be greeted

// Whoever has lost his keeper is gone when the drain's time is over: another server waits for it.
milliseconds drain_time(const settings::ServeConfig& config, milliseconds less) {
  return std::max(milliseconds(0), seconds(config.drain_s) - less);
}

std::string certificates_in(const std::string& state) {
  return state + "/certs";
}

// Directories of models, and the files that those were made of.
std::vector<std::string> served_from(const settings::ServeConfig& config) {
  std::vector<std::string> all;
  for (const auto& model : config.found_models) {
    all.push_back(model.path);
    if (auto source = catalog::noted_source(model.path); !source.empty())
      all.push_back(std::move(source));
  }
  return all;
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

// An engine that somebody names for the next start; empty for the one that there is.
void check_program(const std::string& path) {
  if (path.empty()) return;
  if (path.front() != '/') throw Error(ErrorCode::kInvalid, "'engine' must be an absolute path");
  if (!supervisor::look_at_program(path).runnable)
    throw Error(ErrorCode::kInvalid, "'engine': there is no program that can be run at " + path);
}

// Of the probes that the keeper can have run.
void check_probe(const std::string& name) {
  if (name != "alive" && name != "works" && name != "boots")
    throw Error(ErrorCode::kInvalid,
                "there is no probe '" + name + "'; there are alive, works and boots", "probe");
}

supervisor::Scheduler schedule(const settings::ServeConfig& config) {
  supervisor::Scheduler scheduler;
  if (!config.restart_at.empty())
    scheduler.add("restart", or_exit(kExitConfiguration, [&] {
                    return supervisor::parse_schedule(config.restart_at, "restart_at");
                  }));
  return scheduler;
}

// What requests ask it for, where they ask us for our first model.
std::string model_of_fallback(const settings::ServeConfig& config) {
  if (!config.fallback_model.empty()) return config.fallback_model;
  return config.found_models.empty() ? probes::kBuiltInModel : config.found_models.front().model;
}

std::string or_off(const std::string& url) {
  return url.empty() ? "off" : without_scheme(url);
}

std::string for_people(const gateway::ListenUrls& urls) {
  return urls.plain + (urls.plain.empty() || urls.mtls.empty() ? "" : " ") + urls.mtls;
}

gateway::Handler through(gateway::Router& router) {
  return [&router](const std::shared_ptr<gateway::Exchange>& exchange) { router.handle(exchange); };
}

const wire::Failure kEnding{ErrorCode::kUnavailable, "the server is shutting down", {}};

}  // namespace

GatewayProcess::GatewayProcess(const settings::ServeConfig& config, int keeper_socket)
    : config_(config),
      keeper_socket_(keeper_socket),
      lock_(kLockDescriptor),
      tls_(tls_files(config, certificates_in(config.state_dir))),
      local_key_(or_exit(kExitFailure, [&] { return local_key_of(config.state_dir); })),
      first_loads_(std::max<std::size_t>(config.found_models.size(), 1)),
      engine_(worker_options(config, {lock_.descriptor(), kLifeDescriptor}),
              seconds(config.ready_timeout_s), engine_news()),
      fallback_(or_exit(kExitUsage, [this] { return make_fallback(); })),
      signal_watch_({[this] { events_.asked_to_end(); }, [this] { end_children(); }},
                    seconds(config.drain_s) + kStopBeyondDrain, kExitCut),
      orphan_watch_(keeper_socket,
                    {[this] {
                       lock_.name({static_cast<int>(::getpid()), engine_.status().pid});
                       events_.orphaned();
                     },
                     [this] { end_children(); }},
                    drain_time(config, kLastWords), kExitCut),
      records_(kept_records_.emplace(config.state_dir)),
      seal_(or_exit(kExitFailure, [&] { return state_secret(config.state_dir, kSealSecret); })),
      gate_({config.max_sequences, config.queue}),
      services_(make_services()),
      entrance_(config.state_dir,
                or_exit(kExitConfiguration, [this] { return entrance_settings(); })),
      planned_(records_, [this] { tell(keeper_message::RestartIsPlanned{}); }),
      scheduler_(schedule(config)),
      board_(config.state_dir, engine_.worker(), gate_, records_),
      record_(config.state_dir),
      loop_(kGatewayThreads),
      server_(loop_, connection_limits(), through(router_), hooks()) {
  services_.wants_key = [this] { return entrance_.wants_key(); };
  services_.seal = &seal_;
  if (config_.fetch_pictures == "on") services_.pictures = &pictures_.emplace();
  if (config_.stored_responses_bytes > 0) {
    answers_.emplace(
        config_.state_dir,
        answers::KeptLimits{config_.stored_responses_bytes, config_.stored_responses_days},
        [this](const std::string& moved_to) {
          records_.state_file_damaged("kept responses", moved_to);
        });
    services_.answers = &*answers_;
  } else {
    answers::KeptAnswers::forget(config_.state_dir);
  }
  services_.draining = [this] { return server_.draining(); };
  add_completions(router_, services_);
  add_counting(router_, services_);
  add_responses(router_, services_);
  add_requests(router_, services_);
  add_description(router_);
  add_models(router_, services_);
  add_status(router_, services_);
  add_metrics(router_, services_);
  add_page(router_, services_);
  add_control(control_router_, services_, *this, probe_runs_);
  add_status(control_router_, services_);
}

SupervisedEngine::News GatewayProcess::engine_news() {
  SupervisedEngine::News news;
  news.loaded = [this](const std::string& model, const wire::Failure* failure) {
    kept_records_->model_settled(model, failure);
    if (failure == nullptr && config_.probes == "off") events_.proven();
    if (failure == nullptr && config_.probes == "on")
      log::info("proving", {{"model", model}, {"then", "ready"}});
    const auto nothing = first_loads_.ended(model, failure);
    if (nothing && config_.fallback.empty()) tell(keeper_message::CannotServe{*nothing});
  };
  news.process = [this](int pid) { tell(keeper_message::EngineIs{pid}); };
  news.changed = [this](supervisor::WorkerState, supervisor::WorkerState to,
                        const std::string& reason) { kept_records_->worker_changed(to, reason); };
  news.unsteady = [this](const std::string& reason) { kept_records_->worker_unsteady(reason); };
  news.went_back = [this](const std::string& program, const std::string& reason) {
    kept_records_->worker_went_back(program, reason);
  };
  return news;
}

std::unique_ptr<FallbackServer> GatewayProcess::make_fallback() {
  if (config_.fallback.empty()) return nullptr;
  FallbackOptions options;
  options.endpoint.url = client::normalized_url(config_.fallback);
  options.command = config_.fallback_command;
  options.model = config_.fallback_model;
  return std::make_unique<FallbackServer>(
      options, FallbackServer::News{
                   [this](const std::string& where) { kept_records_->fallback_began(where); },
                   [this](const std::string& how) { kept_records_->fallback_ended(how); },
                   [this](int pid) { tell(keeper_message::FallbackIs{pid}); }});
}

gateway::Services GatewayProcess::make_services() {
  gateway::Services services{engine_.engine(), gate_, metrics_, speed_};
  services.urls = [this] { return listening_.urls(); };
  services.certificates = certificates_in(config_.state_dir);
  for (const auto& model : worker_options(config_, {}).models)
    services.models.push_back(model.model);
  for (const auto& told : config_.aliases)
    services.aliases.push_back({told.substr(0, told.find('=')), told.substr(told.find('=') + 1)});
  // The built-in one may be asked for by the name that it was served by, unless that is another's.
  if (std::count(services.models.begin(), services.models.end(), probes::kBuiltInModel) > 0)
    services.aliases.push_back({supervisor::kBuiltIn, probes::kBuiltInModel});
  services.reported_context = config_.reported_context;
  services.ready_timeout = seconds(config_.ready_timeout_s);
  services.records = records_.requests();
  services.incidents = [this] { return records_.incidents(); };
  services.fallback = fallback_.get();
  services.strict_fields = config_.strict_fields == "on";
  if (config_.probes == "on") {
    services.proofs = &proofs_;
    services.proof_age_max = seconds(config_.probe.proof_age_max_s);
    services.probe_secret =
        or_exit(kExitFailure, [this] { return state_secret(config_.state_dir, kProbeSecret); });
  }
  return services;
}

gateway::EntranceSettings GatewayProcess::entrance_settings() const {
  return {gateway::origin_settings(config_.allow_host, config_.allow_origin),
          services_.probe_secret, local_key_};
}

gateway::ServerHooks GatewayProcess::hooks() {
  gateway::ServerHooks hooks;
  hooks.door = [this](const gateway::HttpRequest& head) { return entrance_.judge(head); };
  hooks.goes_first = [this](const gateway::HttpRequest& head) {
    return shows_secret(head, services_.probe_secret);
  };
  hooks.spell_error = [this](const std::string& path, const gateway::ApiError& error) {
    return router_.spelled(path, error);
  };
  hooks.turns_away = [this](bool so, const std::string& why) {
    records_.newcomers_turned_away(so, why);
  };
  return hooks;
}

void GatewayProcess::start() {
  const gateway::ListenUrls urls = listen(server_, config_, tls_);
  listening_.are(urls);
  or_exit(kExitFailure, [this] {
    control_listener_.emplace(loop_, client::control_socket(config_.state_dir),
                              through(control_router_));
  });
  share_local_key(config_.state_dir, local_key_, without_scheme(urls.plain));
  log::info("listening",
            {{"http", urls.plain}, {"mtls", urls.mtls}, {"state_dir", config_.state_dir}});
  tell(keeper_message::Listens{or_off(urls.plain), or_off(urls.mtls)});
  record_.is({static_cast<int>(::getppid()), static_cast<int>(::getpid()), -1,
              without_scheme(urls.plain), without_scheme(urls.mtls), served_from(config_)});
  engine_.worker().start();
  const auto strand = loop_.make_strand();
  timer_ = strand->make_timer();
  strand->post([this] { housekeep(); });
}

void GatewayProcess::every_second() {
  record_.engine_is(engine_.status().pid);
  engine_.engine().expire(Clock::now());
  if (!scheduler_.due(supervisor::local_now()).empty()) planned_.ask_by_schedule();
}

void GatewayProcess::housekeep() {
  try {
    every_second();
  } catch (const std::exception& error) {  // the next second's work is another
    log::error("housekeeping_failed", {{"error", error.what()}});
  }
  timer_->arm(kHousekeeping, [this] { housekeep(); });
}

std::vector<std::string> GatewayProcess::prompts_alone() {
  const auto found = std::make_shared<std::promise<std::vector<std::string>>>();
  auto names = found->get_future();
  engine_.engine().models([found](const auto&, const auto& models) {
    std::vector<std::string> without;
    for (const auto& model : models)
      if (!model.no_chat.empty()) without.push_back(model.model);
    found->set_value(std::move(without));
  });
  if (names.wait_for(kToldWithin) == std::future_status::ready) return names.get();
  return {};
}

void GatewayProcess::serve() {
  const auto look = [this] { control_listener_->look(); };
  if (events_.wait_for_proof(look))
    tell(keeper_message::Ready{for_people(listening_.urls()), records_.failed_models(),
                               prompts_alone()});
  events_.wait_for_end(look);
}

int GatewayProcess::drain() {
  if (const int requests = gate_.running() + gate_.waiting(); requests > 0)
    tell(keeper_message::Drains{requests});
  const auto less = events_.is_orphaned() ? kStopBeyondDrain : milliseconds(0);
  if (server_.drain(drain_time(config_, less))) return 0;
  const int cut = engine_.engine().fail_all(kEnding);
  log::warn("drain_ended", {{"connections", server_.connections()}, {"requests_cut", cut}});
  if (cut > 0) records_.requests_cut(cut, config_.drain_s);
  server_.drain(kLastWords);
  engine_.worker().kill();  // it had its time
  server_.abort();
  return cut;
}

void GatewayProcess::stop() {
  engine_.worker().stop();
  engine_.engine().fail_all(kEnding);  // those whose clients had left
  if (fallback_) fallback_->end();
  control_listener_->end();
  loop_.stop();
  record_.remove();
}

void GatewayProcess::end_children() {
  engine_.worker().kill();
  if (fallback_) fallback_->kill();
}

void GatewayProcess::wake_worker() {
  engine_.worker().wake();
}

void GatewayProcess::replace_worker(const std::string& reason) {
  engine_.worker().replace(reason);
}

void GatewayProcess::restart_worker(const std::string& program) {
  check_program(program);
  records_.worker_replaced();
  engine_.worker().retire(program);
}

void GatewayProcess::probed(std::vector<gateway::OpenIncident> incidents) {
  records_.probes_told(std::move(incidents));
  engine_.engine().models([this](const auto& failure, const auto& models) {
    const auto proofs = proofs_.of(models);  // none while nothing is loaded
    if (failure || proofs.empty() ||
        gateway::unproven(proofs, Clock::now(), services_.proof_age_max))
      return;
    events_.proven();
    if (fallback_) fallback_->proven(gateway::oldest(proofs));
  });
}

void GatewayProcess::run_probe(const std::string& probe) {
  check_probe(probe);
  tell(keeper_message::RunProbe{probe});
}

wire::Switches GatewayProcess::switches() const {
  return board_.now();
}

void GatewayProcess::set_switch(std::string_view name, bool on) {
  board_.set(name, on);
}

std::string GatewayProcess::fallback(const std::string& mode) {
  if (!fallback_)
    throw Error(ErrorCode::kNotFound,
                "this server has no fallback; `serve --fallback URL` names one");
  if (!mode.empty()) fallback_->set_mode(supervisor::fallback_mode(mode));
  const auto told = fallback_->told();
  const bool parked = engine_.status().state == wire::WorkerState::kParked;
  json::Writer w;
  w.begin_object().field("mode", told.mode).field("serving", answers_now(told, parked));
  w.field("where", told.where).field("model", model_of_fallback(config_)).end_object();
  return w.take();
}

std::string GatewayProcess::restart(const std::string& wrong) {
  return planned_.ask_by_hand(wrong);
}

int run_gateway(const settings::ServeConfig& config, int keeper) {
  GatewayProcess gateway(config, keeper);
  gateway.start();
  gateway.serve();
  const int cut = gateway.drain();
  gateway.stop();
  log::info("stopped", {{"requests_cut", cut}});
  return cut > 0 ? kExitCut : 0;
}

}  // namespace sanctum::serve
