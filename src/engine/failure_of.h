// Any exception as the failure that a client is told.
#pragma once

#include <exception>
#include <string>

#include "base/error.h"
#include "wire/rpc.h"

namespace sanctum::engine {

// `field` is what is to blame where the exception does not say.
inline wire::Failure failure_of(const std::exception& error, const std::string& field = "") {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return wire::to_failure(*known);
  return {ErrorCode::kInternal, error.what(), field};
}

}  // namespace sanctum::engine
