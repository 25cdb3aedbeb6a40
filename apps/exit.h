// How a command of sanctum ends other than well.
#pragma once

#include <string>

#include "base/error.h"
#include "supervisor/keeper_policy.h"

namespace sanctum {

inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCut = supervisor::kExitCut;
inline constexpr int kExitLocked = 64;
inline constexpr int kExitAddress = 69;
inline constexpr int kExitConfiguration = 78;

// Which code an Error means depends on where it comes from.
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
