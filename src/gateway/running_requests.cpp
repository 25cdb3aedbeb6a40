#include "gateway/running_requests.h"

#include <utility>

namespace sanctum::gateway {

void RunningRequests::began(const std::string& id, const std::string& owner,
                            std::function<void()> cancel) {
  const std::lock_guard lock(mutex_);
  running_[id] = {owner, std::move(cancel)};
}

void RunningRequests::ended(const std::string& id) {
  const std::lock_guard lock(mutex_);
  running_.erase(id);
}

bool RunningRequests::cancel(const std::string& name, const std::string& owner) {
  const std::size_t prefix = name.find_last_of("-_");
  const std::string id = prefix == std::string::npos ? name : name.substr(prefix + 1);
  std::function<void()> cancel;
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(id);
    if (found == running_.end() || found->second.owner != owner) return false;
    cancel = found->second.cancel;
  }
  cancel();
  return true;
}

}  // namespace sanctum::gateway
