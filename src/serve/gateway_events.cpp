#include "serve/gateway_events.h"

namespace sanctum::serve {

void GatewayEvents::asked_to_end() {
  const std::lock_guard lock(mutex_);
  ends_ = true;
  changed_.notify_all();
}

void GatewayEvents::orphaned() {
  const std::lock_guard lock(mutex_);
  ends_ = orphaned_ = true;
  changed_.notify_all();
}

bool GatewayEvents::is_orphaned() const {
  const std::lock_guard lock(mutex_);
  return orphaned_;
}

void GatewayEvents::proven() {
  const std::lock_guard lock(mutex_);
  proven_ = true;
  changed_.notify_all();
}

template <class Condition>
void GatewayEvents::wait(const std::function<void()>& meanwhile, Condition condition) {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kMeanwhileEvery, condition)) {
    lock.unlock();
    meanwhile();
    lock.lock();
  }
}

bool GatewayEvents::wait_for_proof(const std::function<void()>& meanwhile) {
  wait(meanwhile, [this] { return ends_ || proven_; });
  const std::lock_guard lock(mutex_);
  return !ends_;
}

void GatewayEvents::wait_for_end(const std::function<void()>& meanwhile) {
  wait(meanwhile, [this] { return ends_; });
}

}  // namespace sanctum::serve
