// The part of `serve` that speaks HTTP and keeps the engine: a process of its own, started by the
// keeper (keeper.h) and ended by a signal, or by itself when the keeper is gone.
//
// The members' order is their lifetime's: what comes later may use what stands before it, also in
// its threads, and is destroyed first.
// Thread rule: the constructor's thread, which is the process's main one, runs it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "answers/kept_answers.h"
#include "client/serving_file.h"
#include "gateway/control.h"
#include "gateway/entrance.h"
#include "gateway/event_loop.h"
#include "gateway/server.h"
#include "gateway/services.h"
#include "platform/lock_file.h"
#include "serve/control_listener.h"
#include "serve/fallback_server.h"
#include "serve/first_loads.h"
#include "serve/gateway_events.h"
#include "serve/gateway_records.h"
#include "serve/keeper_message.h"
#include "serve/listeners.h"
#include "serve/orphan_watch.h"
#include "serve/picture_fetches.h"
#include "serve/restart_permission.h"
#include "serve/signal_watch.h"
#include "serve/supervised_engine.h"
#include "serve/switch_board.h"
#include "settings/serve_config.h"
#include "supervisor/schedule.h"

namespace sanctum::serve {

class GatewayProcess final : gateway::ControlDesk {
 public:
  // Watches for signals from here on; nothing is served yet. Throws Exit.
  GatewayProcess(const settings::ServeConfig& config, int keeper_socket);
  ~GatewayProcess() override = default;
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;

  // Listens, and has the engine loaded. Throws Exit.
  void start();
  // Until it is asked to end.
  void serve();
  // Running requests finish within the drain's time; the rest is cut. How many that were.
  int drain();
  // Engine, fallback and threads are over afterwards.
  void stop();

 private:
  std::vector<std::string> prompts_alone();  // models that answer no chats
  // --- gateway::ControlDesk ---
  void wake_worker() override;
  void replace_worker(const std::string& reason) override;
  void restart_worker(const std::string& program) override;
  void probed(std::vector<gateway::OpenIncident> incidents) override;
  void run_probe(const std::string& probe) override;
  wire::Switches switches() const override;
  void set_switch(std::string_view name, bool on) override;
  std::string fallback(const std::string& mode) override;
  std::string restart(const std::string& wrong) override;
  int drain_s() const override { return config_.drain_s; }

  SupervisedEngine::News engine_news();
  std::unique_ptr<FallbackServer> make_fallback();
  gateway::Services make_services();
  gateway::EntranceSettings entrance_settings() const;
  gateway::ServerHooks hooks();
  void end_children();
  void tell(const KeeperMessage& message) const { tell_keeper(keeper_socket_, message); }
  void every_second();
  void housekeep();

  const settings::ServeConfig& config_;
  const int keeper_socket_;
  platform::LockFile lock_;
  const std::optional<gateway::TlsFiles> tls_;
  const std::string local_key_;
  GatewayEvents events_;
  std::optional<GatewayRecords> kept_records_;
  FirstLoads first_loads_;
  SupervisedEngine engine_;
  const std::unique_ptr<FallbackServer> fallback_;  // null without one
  SignalWatch signal_watch_;
  OrphanWatch orphan_watch_;
  GatewayRecords& records_;  // has threads, so it is made once signals are watched
  const gateway::Seal seal_;
  gateway::Gate gate_;
  gateway::Metrics metrics_;
  gateway::RecentSpeed speed_;
  gateway::Proofs proofs_;
  Listening listening_;
  gateway::Services services_;
  gateway::Entrance entrance_;
  RestartPermission planned_;
  supervisor::Scheduler scheduler_;
  SwitchBoard board_;
  gateway::ProbeRuns probe_runs_;
  gateway::Router router_, control_router_;
  client::ServingRecord record_;
  // What running requests hold on to stands above the loop that may still hold them.
  gateway::EventLoop loop_;
  gateway::Server server_;
  std::optional<answers::KeptAnswers> answers_;  // its thread speaks to the loop,
  std::optional<PictureFetches> pictures_;       // and so do theirs
  std::optional<ControlListener> control_listener_;
  std::shared_ptr<gateway::Timer> timer_;
};

// `keeper`: the socket to who started this process. Returns its exit code, or throws Exit.
int run_gateway(const settings::ServeConfig& config, int keeper);

}  // namespace sanctum::serve
