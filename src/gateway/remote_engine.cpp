#include "gateway/remote_engine.h"

#include <utility>

#include "base/log.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

constexpr std::chrono::milliseconds kNoTimeout{0};

wire::Completed failed(const std::string& request, const wire::Failure& failure) {
  wire::Completed completed;
  completed.request = request;
  completed.finish_reason = failure.code == ErrorCode::kCancelled ? "cancelled" : "error";
  completed.failure = failure;
  return completed;
}

// A lost call and a refused one look the same to who asked for models.
template <class T, class Decode>
wire::RpcClient::Reply decoded(Answered<T> answered, Decode decode) {
  return [answered = std::move(answered), decode](const wire::Message& message) {
    if (message.failure) return answered(message.failure, T{});
    answered(std::nullopt, decode(message.body()));
  };
}

}  // namespace

void RemoteEngine::generate(wire::GenerateRequest request,
                            std::shared_ptr<GenerateListener> listener) {
  const std::string id = request.request;
  std::shared_ptr<const std::string> body;
  try {
    body = std::make_shared<const std::string>(wire::encode(request));
  } catch (const Error& error) {
    return listener->completed(failed(id, wire::to_failure(error)));
  }
  {
    const std::lock_guard lock(mutex_);
    Live& live = live_[id];
    live.body = std::move(body);
    live.listener = std::move(listener);
    live.waiting_since = Clock::now();
  }
  // Asked only now: an engine that became ready, or was parked, before this request was in the
  // table has not seen it.
  const EngineStatus status = link_.status();
  if (status.state == "parked") return parked(status.reason);
  if (status.up) send_waiting();
}

void RemoteEngine::send_waiting() {
  const int life = link_.status().starts;
  std::vector<std::pair<std::string, int>> marked;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, live] : live_) {
      if (live.stage != Stage::kWaiting) continue;
      live.stage = Stage::kSent;
      live.sent_to = life;
      marked.emplace_back(id, ++live.attempts);
    }
  }
  for (const auto& [id, attempt] : marked) send(id, attempt);
}

void RemoteEngine::send(const std::string& request, int attempt) {
  const auto current = [&](const auto& found) {
    return found != live_.end() && found->second.stage == Stage::kSent &&
           found->second.attempts == attempt;
  };
  std::shared_ptr<const std::string> body;
  {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(request);
    if (!current(found)) return;  // the engine died meanwhile: the next one gets it
    body = found->second.body;
  }
  link_.call("generate", *body, kNoTimeout, [this, request, attempt](const wire::Message& message) {
    answered(request, attempt, message);
  });
  bool cancelled = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(request);
    cancelled = current(found) && found->second.cancelled;
  }
  if (cancelled) send_cancel(request);  // the first one may have come before the request
}

void RemoteEngine::send_cancel(const std::string& request) {
  json::Writer w;
  w.begin_object().field("request", request).end_object();
  link_.call("cancel", w.take(), kNoTimeout, [](const wire::Message&) {});
}

void RemoteEngine::answered(const std::string& request, int attempt, const wire::Message& message) {
  std::optional<wire::Accepted> accepted;
  if (!message.failure) accepted = wire::decode_accepted(message.body());
  std::shared_ptr<GenerateListener> listener;
  int lost_in = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(request);
    if (found == live_.end() || found->second.attempts != attempt ||
        found->second.stage != Stage::kSent)
      return;
    Live& live = found->second;
    if (accepted) {
      if (std::exchange(live.accepted, true)) return;
      listener = live.listener;
    } else if (wire::is_lost(*message.failure) && live.body && live.replays < kReplaysMax) {
      ++live.replays;
      live.stage = Stage::kWaiting;
      live.waiting_since = Clock::now();
      lost_in = live.sent_to;
    } else {
      listener = std::move(live.listener);
      live_.erase(found);
    }
  }
  if (listener && accepted) return listener->accepted(*accepted);
  if (listener) return listener->completed(failed(request, *message.failure));
  // The next engine's ready() sends it, unless that came before this request was waiting again. The
  // same engine, still thought to be up, would only lose it once more.
  const EngineStatus now = link_.status();
  if (now.up && now.starts != lost_in) send_waiting();
}

void RemoteEngine::cancel(const std::string& request) {
  std::shared_ptr<GenerateListener> listener;
  {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(request);
    if (found == live_.end()) return;
    if (found->second.stage == Stage::kWaiting) {
      listener = std::move(found->second.listener);
      live_.erase(found);
    } else {
      found->second.replays = kReplaysMax;  // nobody waits for it any more
      found->second.cancelled = true;
    }
  }
  if (listener)
    return listener->completed(failed(request, {ErrorCode::kCancelled, "cancelled", {}}));
  send_cancel(request);
}

void RemoteEngine::models(Answered<std::vector<wire::ModelInfo>> answered) {
  link_.call("models", "{}", kQueryLimit, decoded(std::move(answered), wire::decode_models));
}

void RemoteEngine::stats(Answered<wire::EngineStats> answered) {
  link_.call("stats", "{}", kQueryLimit, decoded(std::move(answered), wire::decode_stats));
}

void RemoteEngine::notified(const wire::Message& message) {
  if (message.method == "tokens") {
    for (const auto& row : wire::decode_tokens(message.body()).rows) {
      std::shared_ptr<GenerateListener> listener;
      {
        const std::lock_guard lock(mutex_);
        const auto found = live_.find(row.request);
        if (found == live_.end()) continue;
        listener = found->second.listener;
        found->second.has_output = true;
        if (!listener->can_restart()) found->second.body.reset();
      }
      listener->delta(row);
    }
  } else if (message.method == "completed") {
    const wire::Completed completed = wire::decode_completed(message.body());
    std::shared_ptr<GenerateListener> listener;
    {
      const std::lock_guard lock(mutex_);
      const auto found = live_.find(completed.request);
      if (found == live_.end()) return;
      listener = std::move(found->second.listener);
      live_.erase(found);
    }
    listener->completed(completed);
  } else if (message.method == "load_progress") {
    const wire::LoadProgress progress = wire::decode_load_progress(message.body());
    log::debug("load_progress", {{"model", progress.model},
                                 {"phase", progress.phase},
                                 {"bytes_done", progress.bytes_done},
                                 {"bytes_total", progress.bytes_total}});
  }
}

void RemoteEngine::ready() {
  send_waiting();
}

void RemoteEngine::died(const std::string& reason) {
  std::vector<std::shared_ptr<GenerateListener>> restarted;
  fail_where(
      {ErrorCode::kUnavailable, reason + " while it was answering; send the request again", {}},
      [&](Live& live) {
        if (live.stage == Stage::kWaiting) return false;
        if (!live.body || live.replays >= kReplaysMax) return true;
        ++live.replays;
        live.stage = Stage::kWaiting;
        live.waiting_since = Clock::now();
        if (std::exchange(live.has_output, false)) restarted.push_back(live.listener);
        return false;
      });
  for (const auto& listener : restarted) listener->restarted();
}

void RemoteEngine::parked(const std::string& reason) {
  fail_where({ErrorCode::kUnavailable, "the engine is stopped: " + reason, {}},
             [](Live&) { return true; });
}

void RemoteEngine::expire(Instant now) {
  const EngineStatus status = link_.status();
  fail_where({ErrorCode::kUnavailable,
              "no engine was ready within " + std::to_string(ready_timeout_.count()) + " ms (" +
                  status.state + (status.reason.empty() ? "" : ": " + status.reason) + ")",
              {}},
             [&](Live& live) {
               return live.stage == Stage::kWaiting && now - live.waiting_since >= ready_timeout_;
             });
}

void RemoteEngine::fail_all(const wire::Failure& failure) {
  fail_where(failure, [](Live&) { return true; });
}

template <class Predicate>
void RemoteEngine::fail_where(const wire::Failure& failure, Predicate matches) {
  std::vector<std::pair<std::string, std::shared_ptr<GenerateListener>>> taken;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = live_.begin(); it != live_.end();) {
      if (matches(it->second)) {
        taken.emplace_back(it->first, std::move(it->second.listener));
        it = live_.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (const auto& [id, listener] : taken) listener->completed(failed(id, failure));
}

}  // namespace sanctum::gateway
