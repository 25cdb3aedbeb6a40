// What our programs end with. Each code has one meaning, whoever ends with it.
#pragma once

#include <string>

#include "base/error.h"

namespace sanctum {

inline constexpr int kExitFailure = 1;    // of a command: the answer is no
inline constexpr int kExitUsage = 2;      // wrong usage, or it could not be done
inline constexpr int kExitCut = 3;        // stopped as asked, and the drain's time was too short
inline constexpr int kExitLocked = 64;    // another server has the state directory
inline constexpr int kExitAddress = 69;   // an address is in use
inline constexpr int kExitTryAgain = 75;  // EX_TEMPFAIL: the system lacked something for a while
inline constexpr int kExitConfiguration = 78;    // EX_CONFIG
inline constexpr int kExitMissingLibrary = 127;  // of the dynamic linker

// How a program ends other than well. Which code an Error means depends on where it comes from.
struct Exit {
  int code;
  std::string message;
};

template <class Action>
auto or_exit(int code, Action action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Exit{code, error.what()};
  }
}

}  // namespace sanctum
