#include "machine.h"

#include <algorithm>
#include <csignal>

#include "base/error.h"
#include "wire/messages.h"
#include "wire/rpc.h"

namespace sanctum::simulation {

using namespace supervisor;

void SimMachine::post(std::function<void()> action) {
  last_posted_ = std::max(last_posted_, world_.now() + world_.time(0, 3));
  world_.after(std::chrono::ceil<milliseconds>(last_posted_ - world_.now()),
               [this, action = std::move(action)] {
                 action();
                 turn_();
               });
}

int SimMachine::spawn(const std::string& program, WorkerConnection connection) {
  if (engine_ && !engine_->gone()) world_.violated("an engine is started beside another");
  spawned_(program);
  program_ = program;
  fate_ = programs_.fate(program);
  if (fate_ == Fate::kMissing) throw Error(ErrorCode::kNotFound, "cannot run " + program);
  if (could_start_ && world_.chance(0.01)) {
    could_start_ = false;
    throw Error(ErrorCode::kUnavailable, "no room");
  }
  const int life = ++lives_;
  connection_ = std::move(connection);
  EngineHooks hooks;
  hooks.notification = [this, life](const std::string& line) {
    if (connected_ && life == lives_) notified(line);
  };
  hooks.reply = [this, life](int call, const std::string& line) {
    if (!connected_ || life != lives_) return;
    const auto found = calls_.extract(call);
    if (!found.empty()) found.mapped()(wire::Message(line));
  };
  hooks.socket_ended = [this, life] {
    if (!connected_ || life != lives_) return;
    lose_calls();
    connection_.ended();
  };
  engine_ = std::make_shared<SimEngine>(world_, hooks, bug_, poison_, fate_);
  if (std::exchange(slow_disk_, false)) engine_->load_slowly();
  connected_ = true;
  cause_ = fate_ != Fate::kLives;
  engine_->begin();
  return life;
}

void SimMachine::signal(int number) {
  if (!cause_) world_.violated("an engine is ended without cause");
  if (number == SIGKILL && bug_ == Bug::kNeverKills) return;
  engine_->signal(number);
}

WorkerSeen SimMachine::look() {
  if (bug_ == Bug::kKillsWithoutCause && published_.state == WorkerState::kReady &&
      world_.chance(0.001))
    engine_->signal(SIGTERM);
  return {engine_->pulse(), engine_->stopped(), 0};
}

std::optional<platform::ExitStatus> SimMachine::exited() {
  if (!engine_->gone() && bug_ != Bug::kStartsBesideTheOld) return std::nullopt;
  const bool poisoned = minds_poison() && engine_->died_of() == SIGSEGV;
  if (engine_->died_of() != 0 && !cause_ && !poisoned)
    world_.violated("an engine died without cause");
  return engine_->ended();
}

void SimMachine::call(std::string_view method, std::string_view body, milliseconds,
                      wire::RpcClient::Reply reply) {
  if (!connected_)
    return reply(wire::Message(wire::failure_line("0", wire::lost("its socket is closed"))));
  const int number = next_call_++;
  calls_.emplace(number, std::move(reply));
  engine_->call(number, std::string(method), std::string(body));
}

void SimMachine::close_socket() {
  lose_calls();
  engine_->close_socket();
}

ProgramFile SimMachine::look_at_program(const std::string& path) {
  return bug_ == Bug::kNeverLooksAtThePrograms ? ProgramFile{} : programs_.look(path);
}

void SimMachine::lose_calls() {
  connected_ = false;
  const auto lost = std::exchange(calls_, {});
  for (const auto& [number, reply] : lost)
    reply(wire::Message(wire::failure_line(std::to_string(number), wire::lost("gone"))));
}

void SimMachine::notified(const std::string& line) {
  const wire::Message as_sent(line);
  const bool rows = as_sent.method == "tokens";
  const wire::Message message(rows ? with_bug(as_sent) : line);
  try {
    for (int times = rows ? std::exchange(next_rows_times_, 1) : 1; times > 0; --times)
      connection_.notified(message);
  } catch (const Error&) {  // as wire::RpcClient does
    lose_calls();
    connection_.ended();
  }
}

std::string SimMachine::with_bug(const wire::Message& message) {
  wire::TokensFrame frame = wire::decode_tokens(message.body());
  std::string& text = frame.rows.front().content;
  if (bug_ == Bug::kLosesText && world_.chance(0.01)) text.clear();
  if (bug_ == Bug::kSaysTextTwice && lives_ > 1 && world_.chance(0.01)) text += text;
  std::string line = wire::notification_line("tokens", wire::encode(frame));
  line.pop_back();
  return line;
}

}  // namespace sanctum::simulation
