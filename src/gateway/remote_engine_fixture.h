// A RemoteEngine over a link of the test: what is sent is kept, and the test answers for the
// engine.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "gateway/remote_engine.h"
#include "wire/heartbeat.h"
#include "wire/rpc.h"

namespace sanctum::gateway {

// Keeps what is sent; the test answers.
class FakeLink : public EngineLink {
 public:
  struct Sent {
    std::string method;
    std::string body;
    wire::RpcClient::Reply reply;
  };
  void call(std::string_view method, std::string_view body, std::chrono::milliseconds,
            wire::RpcClient::Reply reply) override {
    if (const auto first = std::exchange(before_call, nullptr)) first();
    sent.push_back({std::string(method), std::string(body), std::move(reply)});
  }
  EngineStatus status() const override {
    const EngineStatus seen{state == wire::WorkerState::kReady, state, reason, "", 1, starts};
    if (const auto then = std::exchange(after_status, nullptr)) then();
    return seen;
  }
  void accept(std::size_t i) {
    sent[i].reply(
        wire::Message(line(wire::result_line("1", wire::encode(wire::Accepted{"r", 3, 0, 1})))));
  }
  void refuse(std::size_t i, const wire::Failure& failure) {
    sent[i].reply(wire::Message(line(wire::failure_line("1", failure))));
  }
  static std::string line(std::string text) {
    text.pop_back();
    return text;
  }
  std::vector<Sent> sent;
  wire::WorkerState state = wire::WorkerState::kReady;
  int starts = 1;
  std::string reason;
  // Once each, for what happens on another thread at just that moment.
  std::function<void()> before_call;
  mutable std::function<void()> after_status;
};

class Log : public GenerateListener {
 public:
  void interrupted() override { text += "... "; }
  void waits() override { text += "waits "; }
  void accepted(const wire::Accepted&) override { text += "accepted "; }
  void delta(const wire::RowDelta& row) override { text += row.content + " "; }
  void completed(const wire::Completed& c) override {
    text += c.failure ? std::string(to_string(c.failure->code))
                      : std::string(to_string(c.finish_reason));
    message = c.failure ? c.failure->message : "";
  }
  std::string text;
  std::string message;
};

class RemoteEngineTest : public testing::Test {
 protected:
  std::shared_ptr<Log> generate(const std::string& id = "r") {
    wire::GenerateRequest request;
    request.request = id;
    request.model = "m";
    request.prompt = "x";
    request.sampling.seed = 7;
    auto log = std::make_shared<Log>();
    engine.generate(request, log);
    return log;
  }
  void tokens(const std::string& id, const std::string& content, std::vector<int> ids = {1}) {
    const int at = std::exchange(said[id], said[id] + static_cast<int>(ids.size()));
    wire::TokensFrame frame{1, {{id, std::move(ids), content, "", {}, {}, at}}};
    engine.notified(
        wire::Message(FakeLink::line(wire::notification_line("tokens", wire::encode(frame)))));
  }
  void completed(const std::string& id) {
    wire::Completed last{id, wire::FinishReason::kStop, "", {}, {}, {}, {}};
    last.usage.completion_tokens = said[id];
    engine.notified(
        wire::Message(FakeLink::line(wire::notification_line("completed", wire::encode(last)))));
  }
  // It dies while it is busy with these; another is there at once.
  void dies(const std::vector<std::string>& busy_with) {
    std::vector<std::uint64_t> suspects;
    suspects.reserve(busy_with.size());
    for (const auto& id : busy_with) suspects.push_back(wire::request_key(id));
    link.state = wire::WorkerState::kDead;
    engine.died("the engine was killed by SIGSEGV", suspects);
    ++link.starts;
    link.state = wire::WorkerState::kReady;
    engine.ready();
  }
  // The ids of the calls of `method` since the last look.
  std::vector<std::string> sent(const std::string& method) {
    std::vector<std::string> out;
    for (; seen < link.sent.size(); ++seen) {
      if (link.sent[seen].method != method) continue;
      out.push_back(json::Document(link.sent[seen].body).root().at("request").as_string());
    }
    return out;
  }
  std::size_t seen = 0;
  std::map<std::string, int> said;  // tokens
  FakeLink link;
  RemoteEngine engine{link, std::chrono::milliseconds(1000)};
};

}  // namespace sanctum::gateway
