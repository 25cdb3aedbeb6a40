#include "supervisor/worker_carrier.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/error.h"
#include "base/invariant.h"
#include "base/json.h"
#include "base/log.h"

namespace sanctum::supervisor {
namespace {

constexpr std::chrono::milliseconds kNoTimeout{0};

log::Level level_of(WorkerState state) {
  switch (state) {
    case WorkerState::kParked:
      return log::Level::kError;
    case WorkerState::kDead:
    case WorkerState::kWedged:
      return log::Level::kWarn;
    default:
      return log::Level::kInfo;
  }
}

std::vector<std::string> names_of(const std::vector<wire::LoadRequest>& models) {
  std::vector<std::string> names;
  names.reserve(models.size());
  for (const auto& model : models) names.push_back(model.model);
  return names;
}

bool is_said_to_the_engine(const WorkerOutput& output) {
  return std::holds_alternative<worker_action::Greet>(output) ||
         std::holds_alternative<worker_action::Load>(output) ||
         std::holds_alternative<worker_action::Unload>(output);
}

}  // namespace

WorkerCarrier::WorkerCarrier(std::string program, std::vector<wire::LoadRequest> models,
                             WorkerListener listener, WorkerPort& port, Clock::duration trial)
    : models_(std::move(models)),
      trial_(trial),
      listener_(std::move(listener)),
      port_(port),
      machine_(names_of(models_)),
      program_(std::move(program)) {}

void WorkerCarrier::begin() {
  feed(worker_event::Time{});
}

void WorkerCarrier::step() {
  // Who has gone by itself is not ended any more, also when nobody looked for a while.
  if (machine_.ending()) reap();
  if (port_.now() >= machine_.next_time()) feed(worker_event::Time{});
  if (machine_.alive() && port_.now() >= looked_at_ + kLookEvery) look_at_process();
  if (parked() && port_.now() >= looked_at_ + kParkedLookEvery) look_at_program_file();
}

Instant WorkerCarrier::next_step() const {
  if (machine_.ending()) return port_.now() + kReapEvery;
  if (parked()) return looked_at_ + kParkedLookEvery;
  return machine_.alive() ? std::min(looked_at_ + kLookEvery, machine_.next_time())
                          : machine_.next_time();
}

void WorkerCarrier::stop() {
  stopped_ = true;
  feed(worker_event::Stop{});
}

void WorkerCarrier::retire(const std::string& program) {
  judge_program();
  if (!program.empty() && program != program_) {
    // The one to go back to is the last that was kept running: neither one on trial nor one that
    // is parked.
    if (parked() || former_ == program) {
      former_.clear();
    } else if (former_.empty()) {
      former_ = program_;
    }
    program_ = program;
  }
  feed(worker_event::Retired{});
  feed(worker_event::Wanted{});  // in case that there was none
}

void WorkerCarrier::set_switches(const wire::Switches& switches) {
  switches_ = switches;
  if (can_be_asked(machine_.state())) tell_switches();
}

void WorkerCarrier::feed(const WorkerInput& input) {
  judge_program();
  std::vector<WorkerOutput> outputs = machine_.on(input, port_.now());
  if (parked() && (running_ != program_ || !former_.empty())) try_another(outputs);
  // Before it may be asked: a request that came first would ask for a model nobody has named yet.
  const auto others = std::stable_partition(outputs.begin(), outputs.end(), is_said_to_the_engine);
  for (auto output = outputs.begin(); output != others; ++output) perform(*output);
  publish();
  for (auto output = others; output != outputs.end(); ++output) perform(*output);
}

void WorkerCarrier::perform(const WorkerOutput& output) {
  std::visit([this](const auto& action) { carry_out(action); }, output);
}

void WorkerCarrier::judge_program() {
  if (former_.empty() || running_ != program_ || machine_.ready_for(port_.now()) < trial_) return;
  log::info("engine_replacement_kept", {{"path", program_}});
  former_.clear();
}

// Before anybody hears that the worker is parked: their requests have to wait, not to fail. The
// death is told before the next start, as always.
void WorkerCarrier::try_another(std::vector<WorkerOutput>& outputs) {
  const std::string reason = machine_.reason();
  std::erase_if(outputs, [](const WorkerOutput& output) {
    return std::holds_alternative<worker_action::TellParked>(output);
  });
  for (auto& output : machine_.on(worker_event::Wanted{}, port_.now()))
    outputs.push_back(std::move(output));
  if (running_ != program_) return;  // it was to be replaced anyway
  program_ = std::exchange(former_, {});
  log::error("engine_replacement_failed",
             {{"path", running_}, {"reason", reason}, {"back_to", program_}});
  if (listener_.went_back) listener_.went_back(running_, reason);
}

void WorkerCarrier::feed_from(int life, const WorkerInput& input) {
  if (there_ && life == status_.starts) feed(input);
}

void WorkerCarrier::publish() {
  const WorkerState after = machine_.state();
  const WorkerState before = std::exchange(status_.state, after);
  status_.reason = machine_.reason();
  status_.in_crash_loop = machine_.in_crash_loop();
  port_.publish(status_);
  if (before != after) {
    log::write(
        level_of(after), "engine_state",
        {{"from", to_string(before)}, {"to", to_string(after)}, {"reason", machine_.reason()}});
    if (listener_.changed) listener_.changed(before, after, machine_.reason());
  }
  const bool unsteady = machine_.unsteady(port_.now());
  if (std::exchange(unsteady_, unsteady) != unsteady && listener_.unsteady)
    listener_.unsteady(unsteady ? machine_.reason() : "");
}

void WorkerCarrier::carry_out(const worker_action::Spawn&) {
  tried_ = port_.look_at_program(program_);
  running_ = program_;
  const int life = status_.starts + 1;
  said_ = 0;
  try {
    status_.pid = port_.spawn(
        program_, {[this, life](const wire::Message& message) { notified(life, message); },
                   [this, life] {
                     port_.post([this, life] { feed_from(life, worker_event::SocketEnded{}); });
                   }});
  } catch (const Error& error) {
    return feed(worker_event::CannotStart{error.what(), error.code() == ErrorCode::kNotFound});
  }
  there_ = true;
  if (listener_.process) listener_.process(status_.pid);
  status_.starts = life;
  looked_at_ = port_.now();
  memory_ = OutOfMemoryWatch(port_.look().out_of_memory_kills);
  log::info("engine_started", {{"pid", status_.pid}, {"path", program_}});
  feed(worker_event::Spawned{});
  port_.call("stats", "{}", kAnswerLimit, [this, life](const wire::Message& message) {
    if (message.failure) return;
    port_.post([this, life] { feed_from(life, worker_event::Answered{}); });
  });
}

// One token at least stands in every row.
void WorkerCarrier::notified(int life, const wire::Message& message) {
  if (message.method == "tokens") {
    const auto rows = static_cast<int>(message.body().at("rows").as_array().size());
    if (said_.fetch_add(rows) < kProgressTokens)
      port_.post([this, life, rows] { feed_from(life, worker_event::Said{rows}); });
  }
  if (listener_.notified) listener_.notified(message);
}

void WorkerCarrier::tell_switches() {
  port_.call("set_switches", wire::encode(switches_), kAnswerLimit,
             [](const wire::Message& message) {
               if (message.failure && !wire::is_lost(*message.failure))
                 log::error("switches_refused", {{"error", message.failure->message}});
             });
}

void WorkerCarrier::settled(int life, const std::string& model,
                            const std::optional<wire::Failure>& failure) {
  const LoadEnd end = !failure                       ? LoadEnd::kGood
                      : may_be_mended(failure->code) ? LoadEnd::kLacked
                                                     : LoadEnd::kFailed;
  port_.post([this, life, model, end] { feed_from(life, worker_event::ModelSettled{model, end}); });
}

void WorkerCarrier::carry_out(const worker_action::Greet&) {
  // An engine as it comes has everything on.
  if (switches_ != wire::Switches()) tell_switches();
}

void WorkerCarrier::carry_out(const worker_action::Load& action) {
  const auto load = std::find_if(models_.begin(), models_.end(),
                                 [&](const auto& known) { return known.model == action.model; });
  SANCTUM_INVARIANT(load != models_.end(), "a model is loaded that is not known");
  port_.call("load_model", wire::encode(*load), kNoTimeout,
             [this, life = status_.starts, model = action.model](const wire::Message& message) {
               if (message.failure && wire::is_lost(*message.failure))
                 return;  // told again after the restart
               if (message.failure) {
                 log::error("model_load_failed",
                            {{"model", model},
                             {"error", message.failure->message},
                             {"tried_again", may_be_mended(message.failure->code)}});
               } else {
                 log::info("model_ready", {{"model", model}});
               }
               settled(life, model, message.failure);
               if (listener_.loaded)
                 listener_.loaded(model, message.failure ? &*message.failure : nullptr);
             });
}

void WorkerCarrier::carry_out(const worker_action::Unload& action) {
  json::Writer w;
  w.begin_object().field("model", action.model).end_object();
  port_.call("unload_model", w.take(), kNoTimeout,
             [this, life = status_.starts, model = action.model](const wire::Message& message) {
               if (message.failure && wire::is_lost(*message.failure)) return;
               log::info("model_unloaded",
                         {{"model", model},
                          {"error", message.failure ? message.failure->message : "none"}});
               settled(life, model, message.failure);
             });
}

void WorkerCarrier::carry_out(const worker_action::CloseSocket&) {
  port_.close_socket();
}

void WorkerCarrier::carry_out(const worker_action::Signal& action) {
  if (action.number == SIGKILL)
    log::warn("engine_killed", {{"pid", status_.pid}, {"reason", "it ignored SIGTERM"}});
  port_.signal(action.number);
}

void WorkerCarrier::carry_out(const worker_action::TellReady&) {
  // It was to be replaced before it could be asked.
  if (running_ != program_) return feed(worker_event::Retired{});
  if (listener_.ready) listener_.ready();
}

void WorkerCarrier::carry_out(const worker_action::TellDied& action) {
  status_.last_exit = action.death.reason;
  port_.publish(status_);
  if (listener_.died) listener_.died(action.death);
}

void WorkerCarrier::carry_out(const worker_action::TellParked& action) {
  if (listener_.parked) listener_.parked(action.reason);
}

void WorkerCarrier::look_at_process() {
  looked_at_ = port_.now();
  const WorkerSeen seen = port_.look();
  memory_.look(seen.out_of_memory_kills, looked_at_);
  feed(worker_event::Seen{seen.pulse, seen.stopped});
}

void WorkerCarrier::look_at_program_file() {
  looked_at_ = port_.now();
  const ProgramFile now = port_.look_at_program(program_);
  if (!now.runnable || now == tried_) return;
  log::info("engine_changed", {{"path", program_}});
  feed(worker_event::Wanted{});
}

void WorkerCarrier::reap() {
  memory_.look(port_.look().out_of_memory_kills, port_.now());
  const auto status = port_.exited();
  if (!status) return;
  const worker_event::Exited exited{*status, memory_.was_lately(port_.now()), port_.suspects()};
  there_ = false;
  status_.pid = 0;
  if (listener_.process) listener_.process(0);
  feed(exited);
}

}  // namespace sanctum::supervisor
