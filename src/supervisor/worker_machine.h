// The life of one worker as a state machine: events in, actions out, no process, no clock, no
// thread.
//
//   nothing --kSpawn--> alive --------------------------------> ending -----> nothing
//                       starting, loading, ready                wedged or     dead (started again
//                       (restart_policy.h)                      draining      later), parked,
//                       absent
//
// While it is alive, its pulse is judged (liveness.h). An end is a ladder: its socket is closed, it
// is given time to leave, then SIGTERM, then SIGKILL until it is gone; nothing is started before
// the last one was seen to be gone. Whoever drives the machine carries every action out, in order,
// and says what came of it as the next event. Values; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "platform/exit_status.h"
#include "supervisor/liveness.h"
#include "supervisor/model_states.h"
#include "supervisor/restart_policy.h"

namespace sanctum::supervisor {

inline constexpr std::chrono::seconds kAnswerLimit{60};       // from spawn to the first answer
inline constexpr std::chrono::milliseconds kExitLimit{2000};  // from its socket's end to its exit
inline constexpr std::chrono::milliseconds kTerminateLimit{3000};  // from SIGTERM to SIGKILL

struct Death {
  std::string reason;
  bool from_outside = false;            // none of its requests did it
  std::vector<std::uint64_t> suspects;  // wire::request_key of those it was busy with
};

namespace worker_event {
struct Time {};     // has passed
struct Spawned {};  // answers kSpawn
struct CannotStart {
  std::string reason;
  bool missing = false;  // there is nothing to run; else the system lacked something
};
struct Answered {};    // the first call
struct ModelSettled {  // a load or an unload was answered
  std::string model;
  LoadEnd end = LoadEnd::kGood;
};
struct ModelWanted {  // from now on, or not any more
  std::string model;
  bool wanted = true;
};
struct Said {
  int tokens = 0;
};
struct SocketEnded {};
struct Seen {  // a look at the process, due every kLookEvery while it is alive
  wire::Pulse pulse;
  bool stopped = false;  // the system says so
};
struct Exited {
  platform::ExitStatus status;
  bool out_of_memory = false;  // the system killed something for want of memory about then
  std::vector<std::uint64_t> suspects;
};
struct Wanted {};   // now, whatever happened before
struct Condemned {  // it does not do what it should, as somebody found out who asked it
  std::string reason;
};
struct Retired {};  // nothing is wrong with it: another one is to take its place
struct Stop {};     // no worker is wanted any more
}  // namespace worker_event

using WorkerInput =
    std::variant<worker_event::Time, worker_event::Spawned, worker_event::CannotStart,
                 worker_event::Answered, worker_event::ModelSettled, worker_event::ModelWanted,
                 worker_event::Said, worker_event::SocketEnded, worker_event::Seen,
                 worker_event::Exited, worker_event::Wanted, worker_event::Condemned,
                 worker_event::Retired, worker_event::Stop>;

namespace worker_action {
struct Spawn {};  // answered by Spawned or CannotStart
struct Greet {};  // it answers, and is as it comes
struct Load {     // each answered by ModelSettled
  std::string model;
};
struct Unload {
  std::string model;
};
struct CloseSocket {};
struct Signal {
  int number = 0;
};
struct TellReady {};
struct TellDied {
  Death death;
};
struct TellParked {
  std::string reason;
};
}  // namespace worker_action

using WorkerOutput =
    std::variant<worker_action::Spawn, worker_action::Greet, worker_action::Load,
                 worker_action::Unload, worker_action::CloseSocket, worker_action::Signal,
                 worker_action::TellReady, worker_action::TellDied, worker_action::TellParked>;

class WorkerMachine {
 public:
  // `models`: all of them wanted, from the first life on.
  explicit WorkerMachine(const std::vector<std::string>& models) : models_(models) {}

  std::vector<WorkerOutput> on(const WorkerInput& input, Instant now);

  const ModelStates& models() const { return models_; }
  WorkerState state() const { return restarts_.worker; }
  const std::string& reason() const { return restarts_.reason; }  // of being wedged, dead or parked
  // It dies again and again, and is not parked yet.
  bool in_crash_loop() const { return is_in_crash_loop(restarts_); }
  bool unsteady(Instant now) const { return is_unsteady(restarts_, now); }
  // How long it has been ready in this life; zero for one that is not.
  Clock::duration ready_for(Instant now) const {
    return restarts_.worker == WorkerState::kReady ? now - *restarts_.ready_since
                                                   : Clock::duration{};
  }
  bool alive() const { return life_ && life_->ending == Ending::kNo; }
  // A process is there that should be gone: look whether it is.
  bool ending() const { return life_ && life_->ending != Ending::kNo; }
  // Nothing happens before by itself; Instant::max(): nothing at all.
  Instant next_time() const;

 private:
  bool answers() const { return alive() && can_be_asked(restarts_.worker); }

  enum class Ending { kNo, kLeaving, kTerminated, kKilled };
  struct Life {
    LivenessState liveness;
    int said = 0;  // tokens, up to kProgressTokens
    std::optional<Stuck> stuck;
    bool retired = false;
    Ending ending = Ending::kNo;
    Instant patience{};  // of an ending: until its next rung
  };
  using Outputs = std::vector<WorkerOutput>;

  void take(const worker_event::Time&, Instant now, Outputs& out);
  void take(const worker_event::Spawned&, Instant now, Outputs& out);
  void take(const worker_event::CannotStart& event, Instant now, Outputs& out);
  void take(const worker_event::Answered&, Instant now, Outputs& out);
  void take(const worker_event::ModelSettled& event, Instant now, Outputs& out);
  void take(const worker_event::ModelWanted& event, Instant now, Outputs& out);
  void take(const worker_event::Said& event, Instant now, Outputs& out);
  void take(const worker_event::SocketEnded&, Instant now, Outputs& out);
  void take(const worker_event::Seen& event, Instant now, Outputs& out);
  void take(const worker_event::Exited& event, Instant now, Outputs& out);
  void take(const worker_event::Wanted&, Instant now, Outputs& out);
  void take(const worker_event::Condemned& event, Instant now, Outputs& out);
  void take(const worker_event::Retired&, Instant now, Outputs& out);
  void take(const worker_event::Stop&, Instant now, Outputs& out);
  void decide_about(const WorkerEvent& event, Instant now, Outputs& out);
  // Has models loaded and unloaded as they are wanted.
  void change_models(Instant now, Outputs& out);
  // It is stuck: ends it.
  void condemn(Stuck stuck, Instant now, Outputs& out);
  void terminate(Instant now, Outputs& out);
  // It is to leave, though nothing is wrong with it.
  void drain(Instant now, Outputs& out);

  ModelStates models_;
  RestartState restarts_;
  std::optional<Life> life_;
  bool spawning_ = false;  // kSpawn was asked for and not answered
  bool stopped_ = false;
  Instant restart_at_ = Instant::min();  // ask the restart policy then
};

}  // namespace sanctum::supervisor
