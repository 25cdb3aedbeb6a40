// What an errno of a file means to whoever may try again.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace sanctum {

// kNotFound for what is not there, kUnavailable for what cannot be had now: a disk's or a network
// mount's error, rights, descriptors.
inline ErrorCode file_error_code(int error) {
  return error == ENOENT || error == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
}

// For a person.
inline std::string file_error_text(int error) {
  if (error == ENOSPC) return "the disk is full";
  if (error == EDQUOT) return "your share of the disk is used up";
  if (error == EFBIG)
    return std::string(std::strerror(error)) + " (a limit of this process: ulimit -f)";
  return std::strerror(error);
}

}  // namespace sanctum
