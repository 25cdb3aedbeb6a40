#include "operations.h"

#include <csignal>

namespace sanctum::simulation {
namespace {

constexpr milliseconds kLateMax{160'000};  // a life of Fate::kCrashesLate

}  // namespace

Fate Operations::bad() {
  switch (world_.pick(0, 9)) {
    case 0:
      patience_ = kLateMax;
      return Fate::kCrashesLate;
    case 1:
    case 2:
    case 3:
      return Fate::kCrashes;
    case 4:
    case 5:
      return Fate::kMissing;
    default:
      return Fate::kBadConfiguration;
  }
}

void Operations::strike() {
  switch (world_.pick(0, 5)) {
    case 0:
      return replace(Fate::kLives);
    case 1:
      return replace(bad());
    case 2:
      return break_program(bad());
    case 3:
      return server_.machine().programs().mend_all();
    case 4:
      return server_.wake();
    default:
      return server_.retire("");
  }
}

void Operations::replace(Fate fate) {
  const std::string name = "program " + std::to_string(++replaced_);
  server_.machine().programs().write(name, fate);
  server_.retire(name);
}

void Operations::break_program(Fate fate) {
  server_.machine().programs().write(server_.rules().program(), fate);
  server_.machine().has_cause();
  if (server_.engine() != nullptr) server_.engine()->die(SIGKILL);
}

}  // namespace sanctum::simulation
