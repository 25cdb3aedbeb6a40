// Carries out what a worker's state machine decides: spawns, asks, signals, reaps, tells. Which
// program is run, and what is done with one that cannot be kept running, is decided here.
//
// Contract: begin(), then step() whenever next_step() has come, until over(). After every start the
// engine is told to load the models that are wanted. A parked worker is started afresh when its
// program has changed on disk. Another program that takes the place of one (retire) is on trial
// until it has been ready for kTrialOfAProgram: if it cannot be kept running until then, the former
// one comes back, and that is told; later it is the program, and the former one is forgotten. It
// touches the machine through its port alone. Thread rule: one thread owns it; the functions of a
// connection come on others.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/out_of_memory_watch.h"
#include "supervisor/worker_machine.h"
#include "supervisor/worker_port.h"
#include "wire/messages.h"
#include "wire/switches.h"

namespace sanctum::supervisor {

inline constexpr std::chrono::milliseconds kReapEvery{20};
inline constexpr std::chrono::seconds kParkedLookEvery{2};
inline constexpr std::chrono::minutes kTrialOfAProgram{10};

struct WorkerStatus {
  WorkerState state = WorkerState::kAbsent;
  std::string reason;     // of being dead or parked
  int pid = 0;            // 0 when there is no process
  int starts = 0;         // in all
  std::string last_exit;  // how the previous process ended
  bool in_crash_loop = false;
};

struct WorkerListener {
  std::function<void(const wire::Message&)> notified;     // one of the engine's notifications
  std::function<void()> ready;                            // it answered, and loads were asked for
  std::function<void(const Death&)> died;                 // after all its calls have failed
  std::function<void(const std::string& reason)> parked;  // it will not come back by itself
  std::function<void(WorkerState from, WorkerState to, const std::string& reason)> changed;
  // A load was answered; `failure` is null when the model is ready.
  std::function<void(const std::string& model, const wire::Failure* failure)> loaded;
  // There is a process, or 0: none any more.
  std::function<void(int pid)> process = {};
  // It dies by itself again and again (restart_policy.h); an empty reason: no longer.
  std::function<void(const std::string& reason)> unsteady;
  // `program` could not be kept running, for this reason; the former one is started again.
  std::function<void(const std::string& program, const std::string& reason)> went_back;
};

class WorkerCarrier {
 public:
  WorkerCarrier(std::string program, std::vector<wire::LoadRequest> models, WorkerListener listener,
                WorkerPort& port, Clock::duration trial = kTrialOfAProgram);

  void begin();
  void step();
  // Nothing is to be done before; Instant::max(): nothing at all.
  Instant next_step() const;
  // It was stopped, and the process is gone.
  bool over() const { return stopped_ && !there_; }

  // As Worker's of the same names.
  void wake() { feed(worker_event::Wanted{}); }
  void replace(const std::string& reason) { feed(worker_event::Condemned{reason}); }
  void retire(const std::string& program);
  void set_switches(const wire::Switches& switches);
  // One of the models: to be loaded from now on, or not.
  void want(const std::string& model, bool wanted) {
    feed(worker_event::ModelWanted{model, wanted});
  }
  void stop();

  WorkerState state() const { return machine_.state(); }
  const std::string& program() const { return program_; }  // of the next start

 private:
  void feed(const WorkerInput& input);
  // The program is on trial no longer, if it was ready for long enough.
  void judge_program();
  // Parked, but there is another program to run: it is started, and nobody hears of the parking.
  void try_another(std::vector<WorkerOutput>& outputs);
  // Of one life's connection: what comes late is no news of the next.
  void feed_from(int life, const WorkerInput& input);
  void perform(const WorkerOutput& output);
  void carry_out(const worker_action::Spawn&);
  void carry_out(const worker_action::Greet&);
  void carry_out(const worker_action::Load& action);
  void carry_out(const worker_action::Unload& action);
  void carry_out(const worker_action::CloseSocket&);
  void carry_out(const worker_action::Signal& action);
  void carry_out(const worker_action::TellReady&);
  void carry_out(const worker_action::TellDied& action);
  void carry_out(const worker_action::TellParked& action);
  // On the connection's thread.
  void notified(int life, const wire::Message& message);
  void tell_switches();
  void settled(int life, const std::string& model, const std::optional<wire::Failure>& failure);
  void publish();
  void look_at_process();
  void look_at_program_file();
  void reap();
  bool parked() const { return machine_.state() == WorkerState::kParked; }

  const std::vector<wire::LoadRequest> models_;
  const Clock::duration trial_;
  const WorkerListener listener_;
  WorkerPort& port_;
  WorkerMachine machine_;
  WorkerStatus status_;
  wire::Switches switches_;
  std::string program_;
  std::string former_;   // to go back to, while program_ is on trial; else empty
  std::string running_;  // the program of the process, or of the last one
  bool there_ = false;   // a process
  bool stopped_ = false;
  bool unsteady_ = false;
  Instant looked_at_{};
  ProgramFile tried_;  // the program's file when it was last started
  OutOfMemoryWatch memory_;
  std::atomic<int> said_{0};  // tokens of this life; counted by its connection
};

}  // namespace sanctum::supervisor
