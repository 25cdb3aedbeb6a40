#include "serve/first_loads.h"

namespace sanctum::serve {

std::optional<std::string> FirstLoads::ended(const std::string& model,
                                             const wire::Failure* failure) {
  const std::lock_guard lock(mutex_);
  if (failure == nullptr) one_is_ready_ = true;
  if (one_is_ready_ || may_pass(failure->code)) return std::nullopt;
  failures_[model] = failure->message;
  if (failures_.size() < models_) return std::nullopt;
  std::string all;
  for (const auto& [name, why] : failures_)
    all += (all.empty() ? "" : "; ") + ("'" + name + "' cannot be served: " + why);
  return all;
}

}  // namespace sanctum::serve
