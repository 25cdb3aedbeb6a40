// What the system lacks for a moment: processes, threads, memory, descriptors. Nobody's fault, and
// no reason to give anything up: a program that cannot start for want of it says so by its exit
// code, and is started again.
#pragma once

#include <cerrno>
#include <system_error>

namespace sanctum {

inline bool is_temporary_lack(const std::error_code& code) {
  const bool of_the_system =
      code.category() == std::generic_category() || code.category() == std::system_category();
  const int error = code.value();
  return of_the_system && (error == EAGAIN || error == ENOMEM || error == EMFILE ||
                           error == ENFILE || error == ENOBUFS || error == ETXTBSY);
}

}  // namespace sanctum
