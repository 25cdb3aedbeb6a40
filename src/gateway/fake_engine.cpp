#include "gateway/fake_engine.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sanctum::gateway {
namespace {
constexpr std::chrono::seconds kPatience{20};
}  // namespace

wire::GenerateRequest FakeEngine::next_request() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [this] { return !arrived_.empty(); })) {
    ADD_FAILURE() << "no request arrived";
    return {};
  }
  wire::GenerateRequest request = std::move(arrived_.front());
  arrived_.pop_front();
  return request;
}

bool FakeEngine::wait_for_cancel(const std::string& request) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return cancelled_.count(request) > 0; });
}

int FakeEngine::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::shared_ptr<GenerateListener> FakeEngine::listener(const std::string& request, bool last) {
  const std::lock_guard lock(mutex_);
  const auto found = listeners_.find(request);
  if (found == listeners_.end()) {
    ADD_FAILURE() << "no request " << request;
    return nullptr;
  }
  auto out = found->second;
  if (last) listeners_.erase(found);
  return out;
}

void FakeEngine::accept(const std::string& request) {
  listener(request, false)->accepted({request, 5, 0, 1});
}
void FakeEngine::row(const wire::RowDelta& row) {
  listener(row.request, false)->delta(row);
}
void FakeEngine::text(const std::string& request, const std::string& content) {
  row({request, {1}, content, "", {}, {}});
}
void FakeEngine::complete(const std::string& request, wire::FinishReason reason) {
  wire::Completed completed{request, reason, "", {5, 2, 1, 0}, {10, 0, 20, 30}, {}, {}};
  listener(request, true)->completed(completed);
}
void FakeEngine::fail(const std::string& request, const wire::Failure& failure) {
  wire::Completed completed{request, wire::FinishReason::kError, "", {}, {}, failure, {}};
  listener(request, true)->completed(completed);
}
void FakeEngine::interrupt(const std::string& request) {
  listener(request, false)->interrupted();
}

void FakeEngine::let_wait(const std::string& request) {
  listener(request, false)->waits();
}

void FakeEngine::forget() {
  std::map<std::string, std::shared_ptr<GenerateListener>> last;
  const std::lock_guard lock(mutex_);
  last.swap(listeners_);
}

void FakeEngine::answer_at_once() {
  const std::lock_guard lock(mutex_);
  at_once_ = true;
}
void FakeEngine::set_models(std::vector<wire::ModelInfo> models) {
  const std::lock_guard lock(mutex_);
  models_ = std::move(models);
}
void FakeEngine::set_status(const EngineStatus& status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
}

void FakeEngine::generate(wire::GenerateRequest request,
                          std::shared_ptr<GenerateListener> listener) {
  const std::string id = request.request;
  bool at_once = false;
  {
    const std::lock_guard lock(mutex_);
    ++requests_;
    at_once = at_once_;
    listeners_[id] = std::move(listener);
    arrived_.push_back(std::move(request));
    changed_.notify_all();
  }
  if (!at_once) return;
  accept(id);
  text(id, "hello");
  complete(id);
}

void FakeEngine::cancel(const std::string& request) {
  const std::lock_guard lock(mutex_);
  cancelled_.insert(request);
  changed_.notify_all();
}

void FakeEngine::models(Answered<std::vector<wire::ModelInfo>> answered) {
  const EngineStatus now = status();
  std::vector<wire::ModelInfo> models;
  {
    const std::lock_guard lock(mutex_);
    models = models_;
  }
  if (!now.up)
    return answered(wire::Failure{ErrorCode::kUnavailable, "the engine is not running", {}}, {});
  answered(std::nullopt, models);
}

void FakeEngine::stats(Answered<wire::EngineStats> answered) {
  wire::EngineStats stats;
  stats.steps = 7;
  answered(std::nullopt, stats);
}

EngineStatus FakeEngine::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace sanctum::gateway
