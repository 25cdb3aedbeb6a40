// What the first process of `serve` does, and when: it starts the gateway and the probes, starts
// them again when they are ended or hang, carries out planned restarts, and ends. What is to be
// done is done through a port, so that a simulated machine can be kept as well.
//
// Contract: one thread; nothing here waits. The owner calls begin() once, then one of the others
// for whatever it hears, and turn() after that and at next_turn() at the latest, until exit_code().
// Invariants: one gateway at a time, and none while an engine of the last one's is there; one
// SIGTERM in a gateway's life.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "platform/exit_status.h"
#include "serve/keeper_message.h"
#include "settings/serve_config.h"
#include "supervisor/gateway_restart_policy.h"

namespace sanctum::serve {

// After the drain: the gateway's own limit is less.
inline constexpr std::chrono::milliseconds kStopBeyondGateway{1500};
inline constexpr std::chrono::seconds kProbesSilenceMax{30};
inline constexpr std::chrono::seconds kProbesPause{5};  // before another start
inline constexpr std::chrono::seconds kRemainsMax{5};   // of engines without their gateway

class KeeperPort {
 public:
  virtual ~KeeperPort() = default;
  virtual Instant now() const = 0;
  // What flags, variables and the file say now. Throws Exit.
  virtual settings::ServeConfig resolve() = 0;
  // Throw Error: kNotFound where there is nothing that could be run.
  virtual void start_gateway(const settings::ServeConfig& config) = 0;
  virtual void start_probes(const settings::ServeConfig& config) = 0;
  // 0 where there is none.
  virtual int gateway_pid() const = 0;
  virtual int probes_pid() const = 0;
  virtual int engine_pid() const = 0;
  virtual void signal_gateway(int number) = 0;
  virtual void signal_probes(int number) = 0;
  virtual void tell_probes(const KeeperMessage& message) = 0;
  // The gateway's; each leads a group. 0: nobody.
  virtual void engine_is(int pid) = 0;
  virtual void fallback_is(int pid) = 0;
  // SIGKILL; nothing where there is none.
  virtual void end_engine() = 0;
  virtual void end_fallback() = 0;
  // Of those that the last gateway started nobody is left.
  virtual bool engines_gone() = 0;
  virtual void say_ready(const keeper_message::Ready& ready) = 0;
  // The gateway ends, and waits for so many requests.
  virtual void say_draining(int requests) = 0;
  virtual void notify_manager(const std::string& state) = 0;
};

class KeeperRules {
 public:
  // `config` is what every start uses, but for a planned one, which looks again.
  KeeperRules(settings::ServeConfig config, KeeperPort& port);

  void begin();
  void gateway_said(const KeeperMessage& message);
  void probes_said(const KeeperMessage& message);
  void gateway_ended(const platform::ExitStatus& status);
  void probes_ended(const platform::ExitStatus& status);
  // All of it is to end. As often as one likes.
  void end();
  void turn();

  Instant next_turn() const;
  std::optional<int> exit_code() const { return exit_code_; }
  // Why it ends by itself, for a person; empty where the log has said so.
  const std::string& last_words() const { return last_words_; }

 private:
  // Two engines of one server must not load together.
  bool may_start() const { return port_.gateway_pid() == 0 && port_.engines_gone(); }
  bool wants_probes() const { return config_.probes == "on"; }
  void act_on(const supervisor::KeeperDecision& decision);
  void start_gateway();
  void start_probes();
  void end_gateway();
  void begin_planned_restart();
  void planned_restart_is_over();
  void look_at_planned_restart();
  void look_at_configuration();
  void look_at_probes();
  void look_at_remains();

  // What a part may not say is passed over.
  template <class Message>
  void hear(const Message&) {}
  void hear(const keeper_message::Ready& ready);
  void hear(const keeper_message::CannotServe& cannot);
  void hear(const keeper_message::RestartIsPlanned& planned);
  void hear(const keeper_message::RunProbe& run) { port_.tell_probes(run); }
  void hear(const keeper_message::Drains& drains) { port_.say_draining(drains.requests); }
  void hear(const keeper_message::EngineIs& engine) { port_.engine_is(engine.pid); }
  void hear(const keeper_message::FallbackIs& fallback) { port_.fallback_is(fallback.pid); }
  void hear(const keeper_message::Listens& listens);

  KeeperPort& port_;
  settings::ServeConfig told_config_;  // as it was resolved last
  settings::ServeConfig config_;       // the same, with the addresses in force once there are some
  supervisor::KeeperState state_;
  Instant next_start_ = Instant::max();  // of the gateway
  Instant gone_since_{};                 // the gateway
  Instant beat_{};                       // of the probes; or when they were last started
  std::optional<int> exit_code_;
  std::string last_words_;
  bool was_ready_ = false;           // once: from then on, what fails may come back
  bool ending_ = false;              // all of it: gateway and probes know it
  bool told_ = false;                // the gateway is to end
  bool condemned_ = false;           // by the probes
  bool planned_ = false;             // it ends for a planned restart
  bool restarting_ = false;          // from then on, until models are proven again, or should be
  Instant gone_by_{}, proven_by_{};  // of a planned restart
  bool listening_ = false;           // the gateway that there is
  bool ready_told_ = false;          // a gateway listened, once
  bool probes_outdated_ = false;     // they are ended for what is configured now
};

}  // namespace sanctum::serve
