#include "engine.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/exit_code.h"
#include "base/json.h"
#include "supervisor/restart_policy.h"
#include "wire/rpc.h"

namespace sanctum::simulation {
namespace {

constexpr milliseconds kCrashesAfter{150'000};

std::string without_end(std::string line) {
  line.pop_back();
  return line;
}

}  // namespace

SimEngine::SimEngine(World& world, EngineHooks hooks, Bug bug, std::string poison, Fate fate)
    : world_(world), hooks_(std::move(hooks)), bug_(bug), poison_(std::move(poison)), fate_(fate) {}

void SimEngine::begin() {
  if (fate_ == Fate::kBadConfiguration) {
    world_.after(world_.time(1, 50),
                 [self = shared_from_this()] { self->die(0, kExitConfiguration); });
  }
  world_.after(world_.time(5, 300), [self = shared_from_this()] {
    self->ready_ = true;
    self->beat();
  });
}

void SimEngine::beat() {
  if (gone_) return;
  if (!stopped_) ++beats_;
  if (phase_ == wire::Phase::kLoad && fate_ == Fate::kCrashesLate) ++progress_;  // a piece of it
  world_.after(milliseconds(200), [self = shared_from_this()] { self->beat(); });
}

wire::Pulse SimEngine::pulse() const {
  return {ready_, phase_, beats_, progress_, static_cast<std::uint32_t>(running_.size())};
}

// In order, whatever each takes.
void SimEngine::send(std::function<void()> arrives) {
  last_arrival_ = std::max(last_arrival_, world_.now() + world_.time(0, 3));
  const auto delay = std::chrono::ceil<milliseconds>(last_arrival_ - world_.now());
  world_.after(delay, std::move(arrives));
}

void SimEngine::call(int number, const std::string& method, const std::string& body) {
  if (!acts() || !ready_) {  // it reads it when it can
    if (gone_) return;
    world_.after(milliseconds(50), [self = shared_from_this(), number, method, body] {
      self->call(number, method, body);
    });
    return;
  }
  const auto reply = [self = shared_from_this(), number](std::string result) {
    self->send([self, number, result] {
      self->hooks_.reply(number, without_end(wire::result_line(std::to_string(number), result)));
    });
  };
  if (method == "stats") return reply("{}");
  const json::Document document(body);
  if (method == "cancel") {
    const auto found = running_.find(document.root().at("request").as_string());
    if (found != running_.end()) found->second.cancelled = true;
    return reply("{}");
  }
  if (method == "load_model") {
    phase_ = wire::Phase::kLoad;
    if (fate_ == Fate::kCrashes || fate_ == Fate::kCrashesLate) {
      const auto after = fate_ == Fate::kCrashes ? world_.time(0, 40) : kCrashesAfter;
      world_.after(after, [self = shared_from_this()] { self->die(SIGSEGV); });
      return;
    }
    const auto took = slow_disk_ ? world_.time(3000, 10000) : world_.time(50, 3000);
    world_.after(took, [self = shared_from_this(), reply] {
      if (!self->acts()) return;
      self->loaded_ = true;
      self->phase_ = wire::Phase::kIdle;
      ++self->progress_;
      reply(R"({"model":"m","state":"ready"})");
    });
    return;
  }
  accept(number, wire::decode_generate(document.root()));
}

void SimEngine::accept(int number, const wire::GenerateRequest& request) {
  if (running_.count(request.request) > 0) return world_.violated("a request is sent twice");
  const std::uint64_t seed = request.sampling.seed.value_or(0) +
                             (bug_ == Bug::kAnotherSeed && !request.resume_ids.empty() ? 1 : 0);
  Running running{*request.prompt, Answer(*request.prompt, seed, request.sampling.max_tokens)};
  for (const int id : request.resume_ids) {
    if (running.answer.over()) world_.violated("an answer goes on behind its end");
    running.answer.push(id);
  }
  running_.emplace(request.request, std::move(running));
  const wire::Accepted accepted{request.request, 1, 0, seed};
  send([self = shared_from_this(), number, accepted] {
    self->hooks_.reply(
        number, without_end(wire::result_line(std::to_string(number), wire::encode(accepted))));
  });
  if (!std::exchange(stepping_, true)) {
    world_.after(world_.time(1, 20), [self = shared_from_this()] { self->step(); });
  }
}

void SimEngine::finish(const std::string& request, Running& running) {
  wire::Completed completed;
  completed.request = request;
  completed.finish_reason =
      running.cancelled ? wire::FinishReason::kCancelled : running.answer.reason();
  completed.last.request = request;
  completed.usage.completion_tokens = running.answer.said();
  if (bug_ != Bug::kForgetsHeldText) completed.last.content = running.answer.held_back();
  if (bug_ == Bug::kNeverEnds && world_.chance(0.1)) return;
  send([self = shared_from_this(), completed] {
    self->hooks_.notification(
        without_end(wire::notification_line("completed", wire::encode(completed))));
  });
}

void SimEngine::step() {
  if (gone_) return;
  const auto again = [this](milliseconds delay) {
    world_.after(delay, [self = shared_from_this()] { self->step(); });
  };
  if (stopped_ || hanging_ || !loaded_) return again(milliseconds(100));
  suspects_.clear();
  wire::TokensFrame frame;
  frame.step = ++steps_;
  bool prompts = false;
  std::vector<std::string> over;
  for (auto& [name, running] : running_) {
    suspects_.push_back(wire::request_key(name));
    prompts |= std::exchange(running.fresh, false);
    if (!poison_.empty() && running.prompt == poison_) return die(SIGSEGV);
    if (running.cancelled || running.answer.over()) {
      over.push_back(name);
      continue;
    }
    const int at = running.answer.said();
    const Answer::Piece piece = running.answer.next();
    frame.rows.push_back({name, {piece.id}, lying_ ? "?" : piece.text, "", {}, {}, at});
    if (running.answer.over()) over.push_back(name);
  }
  if (bug_ == Bug::kSwapsRows && frame.rows.size() > 1 && world_.chance(0.05))
    std::swap(frame.rows[0].content, frame.rows[1].content);
  if (bug_ == Bug::kCanary && !frame.rows.empty()) frame.rows[0].content += "?";
  phase_ = prompts ? wire::Phase::kPrefill : wire::Phase::kDecode;
  ++progress_;
  if (!frame.rows.empty()) {
    send([self = shared_from_this(), frame] {
      self->hooks_.notification(
          without_end(wire::notification_line("tokens", wire::encode(frame))));
    });
  }
  for (const auto& name : over) {
    finish(name, running_.at(name));
    running_.erase(name);
  }
  if (running_.empty()) {
    phase_ = wire::Phase::kIdle;
    suspects_.clear();
    stepping_ = false;
    return;
  }
  again(prompts ? world_.time(20, 400) : world_.time(5, 60));
}

void SimEngine::close_socket() {
  // Its reader sees the end, if it runs at all.
  world_.after(world_.time(0, 10), [self = shared_from_this()] {
    if (self->acts()) self->die(0);
  });
}

void SimEngine::signal(int number) {
  if (number == SIGKILL) return die(SIGKILL);
  world_.after(world_.time(0, 10), [self = shared_from_this(), number] {
    if (self->acts()) self->die(number);
  });
}

void SimEngine::die(int signal_number, int exit_code) {
  if (std::exchange(gone_, true)) return;
  ended_.signal = signal_number;
  ended_.code = exit_code;
  send([self = shared_from_this()] { self->hooks_.socket_ended(); });
}

}  // namespace sanctum::simulation
