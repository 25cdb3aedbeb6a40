// Tries again what failed, as retry_policy.h decides.
#pragma once

#include <functional>

#include "base/error.h"
#include "hub/progress.h"
#include "hub/retry_policy.h"

namespace sanctum::hub {

// Why one try failed, where another one may be made.
struct TryFailed {
  Failure failure;
  Error error;  // what is said when it is given up
};

// Calls `once` until it throws no TryFailed. Each pause is noted, with its reason. Throws the last
// error, with why it was given up; Error(kCancelled) soon after `cancelled` says so.
void until_it_works(const std::function<void()>& once, Progress& progress,
                    const std::function<bool()>& cancelled);

}  // namespace sanctum::hub
