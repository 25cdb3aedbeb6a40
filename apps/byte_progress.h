// Work over files that takes a while: told in bytes while it is waited for, and given up at a
// signal.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <string>

#include "base/size_text.h"
#include "client/interrupt.h"
#include "client/wait_note.h"

namespace sanctum {

// What work(progress, stop) gives: it calls progress(done, all) with bytes, and looks at `stop`.
// `doing`: "importing".
template <class Work>
auto tell_bytes(const std::string& doing, const Work& work) {
  std::atomic<std::uint64_t> done{0}, of{0};
  const auto reason = [&]() -> std::string {
    if (of == 0) return {};
    return doing + ": " + size_text(done) + " of " + size_text(of) + " (" +
           std::to_string(done * 100 / of) + "%)";
  };
  const client::Interrupt interrupt({SIGINT, SIGTERM, SIGHUP});
  const client::WaitNote note(reason, std::cerr, client::kSilentWait, {});
  return work(
      [&](std::uint64_t bytes, std::uint64_t all) {
        done = bytes;
        of = all;
      },
      *interrupt.flag());
}

}  // namespace sanctum
