// What an errno of a file means to whoever may try again.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace sanctum {

// kNotFound for what is not there (also by a link that leads to itself), kDenied for what may not
// be read or written, kUnavailable for what cannot be had now: a disk's or a network mount's error,
// descriptors.
inline ErrorCode file_error_code(int error) {
  if (error == ENOENT || error == ENOTDIR || error == ELOOP) return ErrorCode::kNotFound;
  return error == EACCES || error == EPERM ? ErrorCode::kDenied : ErrorCode::kUnavailable;
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
