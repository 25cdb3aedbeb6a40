// What the log says of a load that takes long: how far it is, now and then. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "wire/messages.h"

namespace sanctum::gateway {

inline constexpr std::chrono::seconds kLoadToldEvery{2};

class LoadNews {
 public:
  // In percent, when it is time to say it; of a load that is over before that, nothing.
  std::optional<int> heard(const wire::LoadProgress& progress, Instant now);

 private:
  std::map<std::string, Instant> told_;  // of each model that loads
};

}  // namespace sanctum::gateway
