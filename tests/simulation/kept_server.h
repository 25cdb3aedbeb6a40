// A server's processes as its keeper meets them, made of events: a gateway that boots, listens,
// proves its models, hangs, dies or leaves; the engine that outlives it for a moment; the probes.
// The rules that KeeperRules must keep are watched.
#pragma once

#include <memory>
#include <optional>

#include "keeper_bugs.h"
#include "serve/keeper_rules.h"
#include "world.h"

namespace sanctum::simulation {

class KeptServer final : public serve::KeeperPort {
 public:
  KeptServer(World& world, KeeperBug bug);

  void start();
  void end();

  // What befalls it; nothing where there is no such process.
  void kill_gateway(int number);
  void hang_gateway();
  void stop_engine();  // it stands still: it will not leave by itself
  void leave_gateway(int code);
  void silence_probes();
  void kill_probes();
  void plan_restart();
  void change_configuration() { ++configured_; }
  // Its next starts fail for want of something, so many of them.
  void lack(int starts) { lacking_ = starts; }

  bool proven() const { return gateway_ && gateway_->proven && !gateway_->hangs; }
  bool probed() const { return probes_ && !probes_->silent; }
  // The gateway that there is runs with what is configured.
  bool up_to_date() const { return gateway_ && gateway_->configured == configured_; }
  bool empty() const { return !gateway_ && !probes_ && !engine_; }
  bool restarting() const { return probes_ && probes_->restarting; }
  std::optional<int> exit_code() const { return rules_.exit_code(); }
  int starts() const { return starts_; }

  Instant now() const override { return world_.now(); }
  settings::ServeConfig resolve() override;
  void start_gateway(const settings::ServeConfig& config) override;
  void start_probes(const settings::ServeConfig& config) override;
  int gateway_pid() const override { return gateway_ ? gateway_->pid : 0; }
  int probes_pid() const override { return probes_ ? probes_->pid : 0; }
  int engine_pid() const override { return engine_pid_; }
  void signal_gateway(int number) override;
  void signal_probes(int number) override;
  void tell_probes(const serve::KeeperMessage& message) override;
  void engine_is(int pid) override { engine_pid_ = pid; }
  void fallback_is(int pid) override { fallback_ = pid != 0; }
  void end_engine() override;
  void end_fallback() override;
  bool engines_gone() override { return bug_ == KeeperBug::kForgetsTheEngine || !engine_; }
  void say_ready(const serve::keeper_message::Ready&) override {}
  void say_draining(int) override {}
  void notify_manager(const std::string&) override { notified_ = now(); }

 private:
  struct Process {
    int pid = 0;
    int configured = 0;
    bool told = false;        // to end
    bool hangs = false;       // it answers nobody
    bool proven = false;      // of a gateway: every model works
    bool silent = false;      // of the probes: they beat no more
    bool restarting = false;  // of the probes: they know of a planned restart
  };
  using Pointer = std::shared_ptr<Process>;

  void turn();
  void gateway_says(const Pointer& gateway, const serve::KeeperMessage& message);
  void gateway_gone(const Pointer& gateway, const platform::ExitStatus& status);
  void probe(const Pointer& probes);
  void engine_leaves();
  void left_behind();

  World& world_;
  const KeeperBug bug_;
  Pointer gateway_, probes_, engine_;
  bool engine_stands_still_ = false, fallback_ = false, ending_ = false;
  int engine_pid_ = 0;
  int pids_ = 100, configured_ = 1, lacking_ = 0, starts_ = 0, turn_ = 0;
  Instant notified_{};
  serve::KeeperRules rules_;
};

}  // namespace sanctum::simulation
