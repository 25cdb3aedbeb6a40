#include "server.h"

#include <csignal>
#include <utility>

#include "base/error.h"
#include "wire/rpc.h"

namespace sanctum::simulation {

using namespace supervisor;

namespace {
constexpr std::chrono::seconds kReadyTimeout{
    3600};  // longer than any schedule: waiting is no failure
}

SimServer::SimServer(World& world, Bug bug, std::string poison)
    : world_(world), bug_(bug), poison_(std::move(poison)), remote_(*this, kReadyTimeout) {}

SimServer::~SimServer() {
  connected_ = false;
}

void SimServer::start() {
  feed(worker_event::Time{});
  look();
  housekeep();
}

void SimServer::condemn() {
  if (engine_ && engine_->well()) world_.violated("a probe replaces an engine that is well");
  if (bug_ == Bug::kIgnoresTheProbe) return;
  cause_ = true;
  feed(worker_event::Condemned{"it answers wrongly"});
}

void SimServer::stop() {
  cause_ = true;
  if (bug_ != Bug::kForgetsAtTheDrain)
    remote_.fail_all({ErrorCode::kUnavailable, "the server is shutting down", {}});
  if (bug_ != Bug::kOutlivesTheDrain) feed(worker_event::Stop{});
}

void SimServer::feed(const WorkerInput& input) {
  for (const auto& output : machine_.on(input, world_.now()))
    std::visit([this](const auto& action) { carry_out(action); }, output);
}

void SimServer::carry_out(const worker_action::Spawn&) {
  world_.after(world_.time(1, 50), [this] {
    if (engine_ && !engine_->gone()) world_.violated("an engine is started beside another");
    if (could_start_ && world_.chance(0.01)) {
      could_start_ = false;
      return feed(worker_event::CannotStart{"no room", false});
    }
    const int life = ++lives_;
    ++starts_;
    EngineHooks hooks;
    hooks.notification = [this, life](const std::string& line) {
      if (connected_ && life == life_) notified(line);
    };
    hooks.reply = [this, life](int call, const std::string& line) {
      if (!connected_ || life != life_) return;
      const auto found = calls_.extract(call);
      if (!found.empty()) found.mapped()(wire::Message(line));
    };
    hooks.socket_ended = [this, life] {
      if (!connected_ || life != life_) return;
      lose_calls();
      feed(worker_event::SocketEnded{});
    };
    engine_ = std::make_shared<SimEngine>(world_, hooks, bug_, poison_);
    if (std::exchange(slow_disk_, false)) engine_->load_slowly();
    life_ = life;
    connected_ = true;
    cause_ = false;
    engine_->begin();
    ask("stats", "{}", [this, life](const wire::Message& message) {
      if (!message.failure && life == life_) feed(worker_event::Answered{});
    });
    feed(worker_event::Spawned{});
  });
}

void SimServer::carry_out(const worker_action::AskForModels&) {
  ask("load_model", "{}", [this, life = life_](const wire::Message& message) {
    if (!message.failure && life == life_) feed(worker_event::LoadSettled{});
  });
}

void SimServer::carry_out(const worker_action::CloseSocket&) {
  lose_calls();
  engine_->close_socket();
}

void SimServer::lose_calls() {
  connected_ = false;
  const auto lost = std::exchange(calls_, {});
  for (const auto& [number, reply] : lost)
    reply(wire::Message(wire::failure_line(std::to_string(number), wire::lost("gone"))));
}

void SimServer::carry_out(const worker_action::Signal& action) {
  if (!cause_) world_.violated("an engine is ended without cause");
  if (action.number == SIGKILL && bug_ == Bug::kNeverKills) return;
  engine_->signal(action.number);
}

void SimServer::carry_out(const worker_action::TellReady&) {
  if (bug_ != Bug::kHidesReadiness) remote_.ready();
}

void SimServer::carry_out(const worker_action::TellDied& action) {
  if (bug_ == Bug::kHidesADeath) return;
  std::vector<std::uint64_t> suspects;
  if (!action.death.from_outside) suspects = action.death.suspects;
  if (bug_ == Bug::kBlamesEverybody) {
    for (int i = 0; i < 100; ++i) suspects.push_back(wire::request_key("r" + std::to_string(i)));
  }
  remote_.died(action.death.reason, suspects);
}

void SimServer::carry_out(const worker_action::TellParked& action) {
  world_.violated("parked: " + action.reason);
}

void SimServer::look() {
  const bool loaded = machine_.state() == WorkerState::kReady;
  if (bug_ == Bug::kKillsWithoutCause && loaded && world_.chance(0.001)) engine_->signal(SIGTERM);
  if (machine_.alive()) feed(worker_event::Seen{engine_->pulse(), engine_->stopped()});
  const bool gone = engine_ && (engine_->gone() || bug_ == Bug::kStartsBesideTheOld);
  if (machine_.ending() && gone) {
    const bool poisoned = minds_poison() && engine_->died_of() == SIGSEGV;
    if (engine_->died_of() != 0 && !cause_ && !poisoned)
      world_.violated("an engine died without cause");
    worker_event::Exited exited;
    exited.status.signal = engine_->died_of();
    exited.suspects = engine_->suspects();
    feed(exited);
  }
  if (world_.now() >= machine_.next_time()) feed(worker_event::Time{});
  world_.after(kLookEvery, [this] { look(); });
}

void SimServer::housekeep() {
  remote_.expire(world_.now());
  world_.after(seconds(1), [this] { housekeep(); });
}

void SimServer::ask(std::string_view method, std::string_view body, wire::RpcClient::Reply reply) {
  const int number = next_call_++;
  calls_.emplace(number, std::move(reply));
  engine_->call(number, std::string(method), std::string(body));
}

void SimServer::call(std::string_view method, std::string_view body, milliseconds,
                     wire::RpcClient::Reply reply) {
  if (!can_be_asked(machine_.state()) || !connected_)
    return reply(wire::Message(wire::failure_line("0", wire::lost("the engine is not running"))));
  std::string sent(body);
  if (method == "generate" && (bug_ == Bug::kForgetsTheLastToken || bug_ == Bug::kStartsOver)) {
    wire::GenerateRequest request = wire::decode_generate(json::Document(sent).root());
    if (bug_ == Bug::kStartsOver) request.resume_ids.clear();
    if (!request.resume_ids.empty()) request.resume_ids.pop_back();
    sent = wire::encode(request);
  }
  ask(method, sent, std::move(reply));
}

gateway::EngineStatus SimServer::status() const {
  gateway::EngineStatus status;
  status.up = can_be_asked(machine_.state());
  status.state = to_string(machine_.state());
  status.reason = machine_.reason();
  status.starts = starts_;
  return status;
}

void SimServer::notified(const std::string& line) {
  const wire::Message as_sent(line);
  const bool rows = as_sent.method == "tokens";
  if (rows) feed(worker_event::Said{1});
  const wire::Message message(rows ? with_bug(as_sent) : line);
  try {
    for (int times = rows ? std::exchange(next_rows_times_, 1) : 1; times > 0; --times)
      remote_.notified(message);
  } catch (const Error&) {  // as wire::RpcClient does
    lose_calls();
    feed(worker_event::SocketEnded{});
  }
}

std::string SimServer::with_bug(const wire::Message& message) {
  wire::TokensFrame frame = wire::decode_tokens(message.body());
  std::string& text = frame.rows.front().content;
  if (bug_ == Bug::kLosesText && world_.chance(0.01)) text.clear();
  if (bug_ == Bug::kSaysTextTwice && lives_ > 1 && world_.chance(0.01)) text += text;
  std::string line = wire::notification_line("tokens", wire::encode(frame));
  line.pop_back();
  return line;
}

}  // namespace sanctum::simulation
