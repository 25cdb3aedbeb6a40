// Any exception as the failure that a client is told.
#pragma once

#include <exception>

#include "base/error.h"
#include "wire/rpc.h"

namespace sanctum::engine {

inline wire::Failure failure_of(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return wire::to_failure(*known);
  return {ErrorCode::kInternal, error.what(), ""};
}

}  // namespace sanctum::engine
