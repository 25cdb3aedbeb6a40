#include "server.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "wire/heartbeat.h"
#include "wire/messages.h"
#include "wire/rpc.h"

namespace sanctum::simulation {

using namespace supervisor;

namespace {

constexpr std::chrono::seconds kReadyTimeout{
    3600};  // longer than any schedule: waiting is no failure
constexpr int kStepsAtOnceMax = 100;
constexpr const char* kFirstProgram = "first";

Clock::duration trial(Bug bug) {
  if (bug == Bug::kNeverForgetsTheFormer) return std::chrono::hours(1000);
  return bug == Bug::kForgetsTheFormerAtOnce ? Clock::duration{} : kTrialOfAProgram;
}

}  // namespace

SimServer::SimServer(World& world, Bug bug, std::string poison, bool operated)
    : world_(world),
      bug_(bug),
      machine_(world, bug, std::move(poison), !operated),
      rules_(world, kFirstProgram),
      remote_(*this, kReadyTimeout),
      carrier_(kFirstProgram, {{"m", "/m"}}, listener(), machine_, trial(bug)) {
  machine_.programs().write(kFirstProgram, Fate::kLives);
  machine_.drive([this] { step(); },
                 [this](const std::string& program) { rules_.spawns(program); });
}

void SimServer::start() {
  carrier_.begin();
  step();
  housekeep();
}

// As Worker's thread: it waits until the next step, or until something is posted.
void SimServer::step() {
  spinning_ = stepped_at_ == world_.now() ? spinning_ + 1 : 0;
  stepped_at_ = world_.now();
  if (spinning_ > kStepsAtOnceMax) return world_.violated("the carrier spins");
  carrier_.step();
  const Instant next = carrier_.next_step();
  const int turn = ++turn_;
  if (next == Instant::max()) return;
  const auto wait = std::max(next - world_.now(), Clock::duration{});
  world_.after(std::chrono::ceil<milliseconds>(wait), [this, turn] {
    if (turn == turn_) step();
  });
}

void SimServer::condemn() {
  if (engine() != nullptr && engine()->well())
    world_.violated("a probe replaces an engine that is well");
  if (bug_ == Bug::kIgnoresTheProbe) return;
  machine_.post([this] {
    machine_.has_cause();
    carrier_.replace("it answers wrongly");
  });
}

void SimServer::retire(const std::string& program) {
  machine_.post([this, program] {
    rules_.replaced_by(program, carrier_.state() == WorkerState::kParked);
    machine_.has_cause();
    carrier_.retire(bug_ == Bug::kLosesAReplacement ? "" : program);
  });
}

void SimServer::wake() {
  machine_.post([this] { carrier_.wake(); });
}

void SimServer::stop() {
  if (bug_ != Bug::kForgetsAtTheDrain)
    remote_.fail_all({ErrorCode::kUnavailable, "the server is shutting down", {}});
  machine_.post([this] {
    machine_.has_cause();
    if (bug_ != Bug::kOutlivesTheDrain) carrier_.stop();
  });
}

WorkerListener SimServer::listener() {
  WorkerListener listener;
  listener.notified = [this](const wire::Message& message) { remote_.notified(message); };
  listener.ready = [this] {
    if (bug_ != Bug::kHidesReadiness) remote_.ready();
  };
  listener.died = [this](const Death& death) { died(death); };
  listener.parked = [this](const std::string& reason) {
    rules_.parked(machine_.fate());
    if (bug_ != Bug::kHidesParking) remote_.parked(reason);
  };
  listener.changed = [this](WorkerState from, WorkerState to, const std::string&) {
    changed(from, to);
  };
  listener.went_back = [this](const std::string& program, const std::string&) {
    rules_.went_back(program);
  };
  return listener;
}

void SimServer::changed(WorkerState from, WorkerState to) {
  if (from == WorkerState::kReady) rules_.ended();
  if (to == WorkerState::kReady) rules_.became_ready();
}

void SimServer::died(const Death& death) {
  if (bug_ == Bug::kHidesADeath) return;
  std::vector<std::uint64_t> suspects;
  if (!death.from_outside) suspects = death.suspects;
  if (bug_ == Bug::kBlamesEverybody) {
    for (int i = 0; i < 100; ++i) suspects.push_back(wire::request_key("r" + std::to_string(i)));
  }
  remote_.died(death.reason, suspects);
}

void SimServer::housekeep() {
  remote_.expire(world_.now());
  world_.after(seconds(1), [this] { housekeep(); });
}

void SimServer::call(std::string_view method, std::string_view body, milliseconds timeout,
                     wire::RpcClient::Reply reply) {
  if (!can_be_asked(state()) || !machine_.connected())
    return reply(wire::Message(wire::failure_line("0", wire::lost("the engine is not running"))));
  std::string sent(body);
  if (method == "generate" && (bug_ == Bug::kForgetsTheLastToken || bug_ == Bug::kStartsOver)) {
    wire::GenerateRequest request = wire::decode_generate(json::Document(sent).root());
    if (bug_ == Bug::kStartsOver) request.resume_ids.clear();
    if (!request.resume_ids.empty()) request.resume_ids.pop_back();
    sent = wire::encode(request);
  }
  machine_.call(method, sent, timeout, std::move(reply));
}

gateway::EngineStatus SimServer::status() const {
  const WorkerStatus& worker = machine_.published();
  gateway::EngineStatus status;
  status.up = can_be_asked(worker.state);
  status.state = worker.state;
  status.reason = worker.reason;
  status.last_exit = worker.last_exit;
  status.starts = worker.starts;
  status.in_crash_loop = worker.in_crash_loop;
  return status;
}

}  // namespace sanctum::simulation
