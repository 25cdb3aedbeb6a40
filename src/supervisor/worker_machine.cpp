#include "supervisor/worker_machine.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/exit_code.h"
#include "base/temporary_lack.h"

namespace sanctum::supervisor {

using namespace worker_event;

namespace {

// A program does not end by these on its own.
bool sent_by_somebody(int signal) {
  return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP;
}

}  // namespace

std::vector<WorkerOutput> WorkerMachine::on(const WorkerInput& input, Instant now) {
  Outputs out;
  std::visit([&](const auto& event) { take(event, now, out); }, input);
  return out;
}

Instant WorkerMachine::next_time() const {
  if (ending()) return life_->patience;
  if (answers()) return models_.next_time();
  if (life_ || spawning_ || stopped_) return Instant::max();
  return restart_at_;
}

void WorkerMachine::decide_about(const WorkerEvent& event, Instant now, Outputs& out) {
  const RestartDecision decision = decide(restarts_, event, now);
  restart_at_ = decision.next_timer;
  if (!decision.start) return;
  spawning_ = true;
  out.emplace_back(worker_action::Spawn{});
}

void WorkerMachine::condemn(Stuck stuck, Instant now, Outputs& out) {
  decide_about({.kind = WorkerEvent::Kind::kStuck, .reason = stuck.reason, .tokens = life_->said},
               now, out);
  life_->stuck = std::move(stuck);
  out.emplace_back(worker_action::CloseSocket{});
  terminate(now, out);
}

void WorkerMachine::terminate(Instant now, Outputs& out) {
  life_->ending = Ending::kTerminated;
  life_->patience = now + kTerminateLimit;
  out.emplace_back(worker_action::Signal{SIGTERM});
}

void WorkerMachine::take(const Time&, Instant now, Outputs& out) {
  if (ending()) {
    if (now < life_->patience) return;
    if (life_->ending == Ending::kLeaving) return terminate(now, out);
    life_->ending = Ending::kKilled;
    life_->patience = now + kTerminateLimit;
    out.emplace_back(worker_action::Signal{SIGKILL});
    return;
  }
  if (answers()) return change_models(now, out);
  if (!life_ && !spawning_ && !stopped_)
    decide_about({.kind = WorkerEvent::Kind::kTimer}, now, out);
}

void WorkerMachine::take(const Spawned&, Instant now, Outputs& out) {
  spawning_ = false;
  life_ = Life{};
  life_->liveness = begin_life(now);
  models_.forget();
  if (!stopped_) return;
  out.emplace_back(worker_action::CloseSocket{});
  terminate(now, out);
}

void WorkerMachine::take(const CannotStart& event, Instant now, Outputs& out) {
  spawning_ = false;
  if (stopped_) {
    restarts_.worker = WorkerState::kAbsent;
    return;
  }
  const auto kind = event.missing ? WorkerEvent::Kind::kCannotStart : WorkerEvent::Kind::kLacked;
  decide_about({.kind = kind, .reason = event.reason}, now, out);
  if (restarts_.worker == WorkerState::kParked)
    out.emplace_back(worker_action::TellParked{restarts_.reason});
}

void WorkerMachine::take(const Answered&, Instant now, Outputs& out) {
  if (!alive() || restarts_.worker != WorkerState::kStarting) return;
  out.emplace_back(worker_action::Greet{});
  decide_about({.kind = WorkerEvent::Kind::kAnswered}, now, out);
  change_models(now, out);
  out.emplace_back(worker_action::TellReady{});
}

void WorkerMachine::take(const ModelSettled& event, Instant now, Outputs& out) {
  if (!alive()) return;
  models_.settled(event.model, event.end, now);
  change_models(now, out);
}

void WorkerMachine::take(const ModelWanted& event, Instant now, Outputs& out) {
  models_.want(event.model, event.wanted);
  if (answers()) change_models(now, out);
}

void WorkerMachine::change_models(Instant now, Outputs& out) {
  for (auto& change : models_.due(now)) {
    if (change.load)
      out.emplace_back(worker_action::Load{std::move(change.model)});
    else
      out.emplace_back(worker_action::Unload{std::move(change.model)});
  }
  if (models_.all_settled()) decide_about({.kind = WorkerEvent::Kind::kLoaded}, now, out);
}

void WorkerMachine::take(const Said& event, Instant, Outputs&) {
  if (life_) life_->said = std::min(life_->said + event.tokens, kProgressTokens);
}

void WorkerMachine::take(const SocketEnded&, Instant now, Outputs& out) {
  if (!alive()) return;
  life_->ending = Ending::kLeaving;
  life_->patience = now + kExitLimit;
  out.emplace_back(worker_action::CloseSocket{});
}

void WorkerMachine::take(const Seen& event, Instant now, Outputs& out) {
  if (!alive()) return;
  life_->stuck = look(life_->liveness, event.pulse, event.stopped, now, {});
  if (restarts_.worker == WorkerState::kStarting && life_->liveness.watched >= kAnswerLimit &&
      !life_->stuck) {
    life_->stuck = Stuck{
        "it did not answer within " + std::to_string(kAnswerLimit.count()) + " s of its start",
        event.stopped};
  }
  if (life_->stuck) condemn(*life_->stuck, now, out);
}

void WorkerMachine::take(const Exited& event, Instant now, Outputs& out) {
  if (!life_) return;
  const Life life = *std::exchange(life_, std::nullopt);
  const bool ours = life.ending == Ending::kTerminated || life.ending == Ending::kKilled;
  const bool killed = sent_by_somebody(event.status.signal) && !ours;
  Death death;
  death.reason = "the engine " + platform::describe(event.status) +
                 (life.stuck ? " (" + life.stuck->reason + ")" : "") +
                 (killed && event.out_of_memory ? " (the machine was out of memory)" : "");
  const bool lacked = event.status.signal == 0 && event.status.code == kExitTryAgain;
  death.from_outside = life.stuck ? life.stuck->from_outside
                                  : life.retired || lacked || (killed && !event.out_of_memory);
  death.suspects = event.suspects;
  decide_about({.kind = WorkerEvent::Kind::kDied,
                .exit_code = event.status.signal == 0 ? event.status.code : -1,
                .reason = death.reason,
                .from_outside = death.from_outside,
                .tokens = life.said},
               now, out);
  if (life.retired) restart_at_ = now;
  if (restarts_.worker == WorkerState::kParked)
    out.emplace_back(worker_action::TellParked{restarts_.reason});
  if (!stopped_) out.emplace_back(worker_action::TellDied{std::move(death)});
}

void WorkerMachine::take(const Wanted&, Instant now, Outputs& out) {
  if (!life_ && !spawning_ && !stopped_)
    decide_about({.kind = WorkerEvent::Kind::kWanted}, now, out);
}

void WorkerMachine::take(const Condemned& event, Instant now, Outputs& out) {
  // None of its requests did it.
  if (answers()) condemn({event.reason, true}, now, out);
}

void WorkerMachine::take(const Retired&, Instant now, Outputs& out) {
  if (!answers()) return;
  life_->retired = true;
  drain(now, out);
}

void WorkerMachine::take(const Stop&, Instant now, Outputs& out) {
  if (std::exchange(stopped_, true)) return;
  if (life_) return drain(now, out);
  if (!spawning_) restarts_.worker = WorkerState::kAbsent;
}

void WorkerMachine::drain(Instant now, Outputs& out) {
  decide_about({.kind = WorkerEvent::Kind::kStop}, now, out);
  if (ending()) return;  // the ladder goes on
  out.emplace_back(worker_action::CloseSocket{});
  terminate(now, out);
}

}  // namespace sanctum::supervisor
