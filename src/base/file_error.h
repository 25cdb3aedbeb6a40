// What an errno of a file means to whoever may try again.
#pragma once

#include <cerrno>

#include "base/error.h"

namespace sanctum {

// kNotFound for what is not there, kUnavailable for what cannot be had now: a disk's or a network
// mount's error, rights, descriptors.
inline ErrorCode file_error_code(int error) {
  return error == ENOENT || error == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
}

}  // namespace sanctum
