#include "gateway/remote_engine.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "wire/heartbeat.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

constexpr std::chrono::milliseconds kNoTimeout{0};

const wire::Failure kQuarantined{
    ErrorCode::kInternal,
    "engines died of this very request, also when it ran alone; it is refused for an hour",
    {}};

// What may be there in a moment.
bool is_a_lack(const wire::Failure& failure) {
  return !wire::is_lost(failure) &&
         (failure.code == ErrorCode::kBusy || failure.code == ErrorCode::kUnavailable);
}

wire::Completed failed(const std::string& request, const wire::Failure& failure) {
  wire::Completed completed;
  completed.request = request;
  completed.finish_reason = failure.code == ErrorCode::kCancelled ? wire::FinishReason::kCancelled
                                                                  : wire::FinishReason::kError;
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
  if (const EngineStatus status = link_.status(); status.in_crash_loop)
    return listener->completed(failed(
        id, {ErrorCode::kUnavailable, "the engine dies again and again: " + status.last_exit, {}}));
  bool quarantined = false;
  {
    const std::lock_guard lock(mutex_);
    quarantined = quarantine_.holds(request, now_);
    if (!quarantined) {
      Live& live = live_[id];
      live.request = std::make_shared<wire::GenerateRequest>(std::move(request));
      live.listener = listener;
    }
  }
  if (quarantined) return listener->completed(failed(id, kQuarantined));
  // Asked only now: an engine that became ready, or was parked, before this request was in the
  // table has not seen it.
  const EngineStatus status = link_.status();
  if (status.state == wire::WorkerState::kParked) return parked(status.reason);
  if (status.up) send_waiting();
}

void RemoteEngine::send_waiting() {
  const int life = link_.status().starts;
  std::vector<std::pair<std::string, int>> marked;
  {
    const std::lock_guard lock(mutex_);
    if (!trial_.empty()) return;
    const auto suspect = std::find_if(live_.begin(), live_.end(), [](const auto& entry) {
      return entry.second.stage == Stage::kWaiting && entry.second.deaths >= kDeathsMax &&
             !entry.second.put_off;
    });
    const bool busy = std::any_of(live_.begin(), live_.end(), [](const auto& entry) {
      return entry.second.stage == Stage::kSent;
    });
    if (suspect != live_.end() && !busy) {
      trial_ = suspect->first;
      suspect->second.tried_at = suspect->second.request->resume_ids.size();
      log::warn("request_on_trial", {{"id", trial_}, {"deaths", suspect->second.deaths}});
    }
    for (auto& [id, live] : live_) {
      const bool goes = trial_.empty() ? live.deaths < kDeathsMax : id == trial_;
      if (!goes || live.stage != Stage::kWaiting || live.put_off) continue;
      live.stage = Stage::kSent;
      live.sent_to = life;
      marked.emplace_back(id, ++live.attempts);
    }
  }
  for (const auto& [id, attempt] : marked) send(id, attempt);
}

void RemoteEngine::settle_trial() {
  std::string aside;
  {
    const std::lock_guard lock(mutex_);
    if (trial_.empty()) return;
    const auto tried = live_.find(trial_);
    const bool over = tried == live_.end() || tried->second.stage == Stage::kWaiting;
    if (!over) {
      Live& live = tried->second;
      if (live.set_aside || live.request->resume_ids.size() < live.tried_at + kTrialTokens) return;
      live.deaths = 0;
      const bool others = std::any_of(live_.begin(), live_.end(), [](const auto& entry) {
        return entry.second.stage == Stage::kWaiting && entry.second.deaths >= kDeathsMax;
      });
      log::info("request_acquitted", {{"id", trial_}});
      live.set_aside = others;
      if (others) aside = trial_;
    }
    if (aside.empty()) trial_.clear();
  }
  if (!aside.empty()) return send_cancel(aside);
  if (link_.status().up) send_waiting();
}

void RemoteEngine::send(const std::string& request, int attempt) {
  const auto current = [&](const auto& found) {
    return found != live_.end() && found->second.stage == Stage::kSent &&
           found->second.attempts == attempt;
  };
  std::shared_ptr<const wire::GenerateRequest> asked;
  {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(request);
    if (!current(found)) return;  // the engine died meanwhile: the next one gets it
    asked = found->second.request;
  }
  std::string body;
  try {
    body = wire::encode(*asked);
  } catch (const Error& error) {
    return end(request, wire::to_failure(error));
  }
  link_.call("generate", body, kNoTimeout, [this, request, attempt](const wire::Message& message) {
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
  bool put_off = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(request);
    if (found == live_.end() || found->second.attempts != attempt ||
        found->second.stage != Stage::kSent)
      return;
    Live& live = found->second;
    if (accepted) {
      live.waited = {};
      // An answer of which nothing is said may begin anew with others.
      if (live.request->resume_ids.empty()) live.request->files = accepted->files;
      if (std::exchange(live.accepted, true)) return;
      live.request->again = true;
      listener = live.listener;
    } else if (live.accepted && !live.cancelled && is_a_lack(*message.failure)) {
      live.stage = Stage::kWaiting;
      live.sent_to = 0;
      put_off = live.put_off = true;
    } else if (wire::is_lost(*message.failure) && !live.cancelled) {
      live.stage = Stage::kWaiting;
      live.waited = {};
      lost_in = live.sent_to;
    } else {
      listener = std::move(live.listener);
      live_.erase(found);
    }
  }
  if (listener && accepted) return listener->accepted(*accepted);
  if (listener) {
    listener->completed(failed(request, *message.failure));
    return settle_trial();
  }
  if (put_off) {
    log::warn("request_put_off", {{"id", request}, {"reason", message.failure->message}});
    return settle_trial();  // expire() sends it
  }
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
    const wire::TokensFrame frame = wire::decode_tokens(message.body());
    for (const auto& row : frame.rows) {
      std::shared_ptr<GenerateListener> listener;
      {
        const std::lock_guard lock(mutex_);
        const auto found = live_.find(row.request);
        if (found == live_.end()) continue;
        auto& said = found->second.request->resume_ids;
        if (found->second.stage != Stage::kSent)
          throw Error(ErrorCode::kCorrupt, "it speaks for a request that it does not hold");
        if (!row.ids.empty() && static_cast<std::size_t>(row.at) != said.size())
          throw Error(ErrorCode::kCorrupt, "token " + std::to_string(row.at) +
                                               " of an answer comes after " +
                                               std::to_string(said.size()));
        listener = found->second.listener;
        said.insert(said.end(), row.ids.begin(), row.ids.end());
      }
      listener->delta(row);
    }
    settle_trial();
  } else if (message.method == "completed") {
    const wire::Completed completed = wire::decode_completed(message.body());
    std::shared_ptr<GenerateListener> listener;
    {
      const std::lock_guard lock(mutex_);
      const auto found = live_.find(completed.request);
      if (found == live_.end()) return;
      Live& live = found->second;
      const auto said = live.request->resume_ids.size();
      const bool whole =
          !completed.failure && completed.finish_reason != wire::FinishReason::kCancelled;
      if (whole && static_cast<std::size_t>(completed.usage.completion_tokens) != said)
        throw Error(ErrorCode::kCorrupt, "an answer of " +
                                             std::to_string(completed.usage.completion_tokens) +
                                             " tokens ends after " + std::to_string(said));
      if (std::exchange(live.set_aside, false) &&
          completed.finish_reason == wire::FinishReason::kCancelled && !live.cancelled) {
        live.stage = Stage::kWaiting;  // what was held back at the end will be said later
        live.sent_to = 0;
        live.waited = {};
      } else {
        listener = std::move(live.listener);
        live_.erase(found);
      }
    }
    if (!listener) return settle_trial();
    if (!wire::is_silent(completed.last)) listener->delta(completed.last);
    listener->completed(completed);
    settle_trial();
  } else if (message.method == "load_progress") {
    load_progressed(wire::decode_load_progress(message.body()));
  }
}

void RemoteEngine::load_progressed(const wire::LoadProgress& progress) {
  std::optional<int> percent;
  {
    const std::lock_guard lock(mutex_);
    percent = load_news_.heard(progress, Clock::now());
  }
  if (percent) log::info("model_loading", {{"model", progress.model}, {"percent", *percent}});
  log::debug("load_progress", {{"model", progress.model},
                               {"phase", progress.phase},
                               {"bytes_done", progress.bytes_done},
                               {"bytes_total", progress.bytes_total}});
}

void RemoteEngine::ready() {
  send_waiting();
}

void RemoteEngine::died(const std::string& reason, const std::vector<std::uint64_t>& suspects) {
  const int life = link_.status().starts;
  std::vector<std::shared_ptr<GenerateListener>> interrupted;
  std::vector<std::string> left, given_up;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, live] : live_) {
      if (live.sent_to != life) continue;
      const bool suspect =
          std::find(suspects.begin(), suspects.end(), wire::request_key(id)) != suspects.end();
      if (suspect) ++live.deaths;
      if (live.cancelled) {
        left.push_back(id);
      } else if (suspect && id == trial_) {
        quarantine_.add(fingerprint(*live.request), now_);
        given_up.push_back(id);
      } else {
        live.stage = Stage::kWaiting;
        live.set_aside = live.put_off = false;
        live.waited = {};
        interrupted.push_back(live.listener);
      }
    }
  }
  for (const auto& listener : interrupted) listener->interrupted();
  for (const auto& id : left) end(id, {ErrorCode::kCancelled, "cancelled", {}});
  for (const auto& id : given_up) {
    log::error("request_quarantined", {{"id", id}, {"reason", reason}});
    end(id, {ErrorCode::kInternal,
             reason + " of this request, also when it ran alone; it is given up, and refused from "
                      "now on",
             {}});
  }
  settle_trial();
}

void RemoteEngine::parked(const std::string& reason) {
  fail_where({ErrorCode::kUnavailable, "the engine is stopped: " + reason, {}},
             [](Live&) { return true; });
}

void RemoteEngine::expire(Instant now) {
  const EngineStatus status = link_.status();
  std::vector<std::shared_ptr<GenerateListener>> wait;
  bool send = false;
  {
    const std::lock_guard lock(mutex_);
    // A machine that slept, or one that had no time for us, is no engine's fault.
    const auto passed = std::clamp<Clock::duration>(now - now_, {}, kExpireEveryMax);
    if (now_ != Instant()) {
      for (auto& [id, live] : live_) {
        if (live.stage != Stage::kWaiting) continue;
        const auto before = live.waited / kWaitToldEvery;
        live.waited += passed;
        if (live.waited / kWaitToldEvery != before) wait.push_back(live.listener);
        send |= std::exchange(live.put_off, false);
      }
    }
    now_ = now;
  }
  for (const auto& listener : wait) listener->waits();
  fail_where(
      {ErrorCode::kUnavailable,
       "no engine was ready within " + std::to_string(ready_timeout_.count()) + " ms (" +
           std::string(to_string(status.state)) +
           (status.reason.empty() ? "" : ": " + status.reason) + ")",
       {}},
      [&](Live& live) { return live.stage == Stage::kWaiting && live.waited >= ready_timeout_; });
  if (send && status.up) send_waiting();
}

int RemoteEngine::fail_all(const wire::Failure& failure) {
  return fail_where(failure, [](Live&) { return true; });
}

void RemoteEngine::end(const std::string& request, const wire::Failure& failure) {
  std::shared_ptr<GenerateListener> listener;
  {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(request);
    if (found == live_.end()) return;
    listener = std::move(found->second.listener);
    live_.erase(found);
  }
  listener->completed(failed(request, failure));
  settle_trial();
}

template <class Predicate>
int RemoteEngine::fail_where(const wire::Failure& failure, Predicate matches) {
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
  return static_cast<int>(taken.size());
}

}  // namespace sanctum::gateway
