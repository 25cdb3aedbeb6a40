// Any exception as the failure that a client is told.
#pragma once

#include <exception>
#include <filesystem>
#include <string>

#include "base/file_error.h"
#include "wire/rpc.h"

namespace sanctum::engine {

// `field` is what is to blame where the exception does not say.
inline wire::Failure failure_of(const std::exception& error, const std::string& field = "") {
  if (const auto* of_file = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
    return {file_error_code(of_file->code().value()), error.what(), field};
  const auto* known = dynamic_cast<const Error*>(&error);
  if (known == nullptr) return {ErrorCode::kInternal, error.what(), field};
  wire::Failure failure = wire::to_failure(*known);
  if (failure.field.empty()) failure.field = field;
  return failure;
}

}  // namespace sanctum::engine
