// A part of `serve`, a process of its own: what it is started with, beside its configuration.
// The numbers are those of platform::Process: its socket, then what it is handed, in order.
#pragma once

namespace sanctum::serve {

inline constexpr int kKeeperSocket = 3;    // to who started it
inline constexpr int kLockDescriptor = 4;  // of the state directory: held as long as it lives
inline constexpr int kConfigDescriptor = 5;
inline constexpr int kLifeDescriptor = 6;  // the gateway's alone (life_line.h)

}  // namespace sanctum::serve
