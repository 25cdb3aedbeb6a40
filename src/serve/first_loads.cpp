#include "serve/first_loads.h"

namespace sanctum::serve {
namespace {

// A disk or a system that may answer in a moment: the load is tried again.
bool is_for_a_while(ErrorCode code) {
  return code == ErrorCode::kDeadline || code == ErrorCode::kBusy ||
         code == ErrorCode::kUnavailable;
}

}  // namespace

std::optional<std::string> FirstLoads::ended(const std::string& model,
                                             const wire::Failure* failure) {
  const std::lock_guard lock(mutex_);
  if (failure == nullptr) one_is_ready_ = true;
  if (one_is_ready_ || is_for_a_while(failure->code)) return std::nullopt;
  failures_[model] = failure->message;
  if (failures_.size() < models_) return std::nullopt;
  std::string all;
  for (const auto& [name, why] : failures_)
    all += (all.empty() ? "" : "; ") + ("'" + name + "' cannot be served: " + why);
  return all;
}

}  // namespace sanctum::serve
