// What a processor refuses ends the process here, by name: "amx emulator: <who>: <rule>" on
// standard error, then abort(). May be called in a signal handler.
#pragma once

namespace sanctum::amx {

[[noreturn]] void fault(const char* who, const char* rule);

inline void require(bool holds, const char* who, const char* rule) {
  if (!holds) fault(who, rule);
}

}  // namespace sanctum::amx
