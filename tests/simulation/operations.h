// What people and disks do to a server's programs: they are replaced by good ones and by bad ones,
// broken, mended, and started by hand.
#pragma once

#include <string>

#include "server.h"
#include "world.h"

namespace sanctum::simulation {

class Operations {
 public:
  Operations(World& world, SimServer& server) : world_(world), server_(server) {}

  // One of them, drawn.
  void strike();
  void replace(Fate fate);
  // The program that runs is not what it was any more; whoever runs it is killed.
  void break_program(Fate fate);
  // How long a bad program may be on its way to the end that it meets by itself.
  milliseconds patience() const { return patience_; }

 private:
  Fate bad();

  World& world_;
  SimServer& server_;
  int replaced_ = 0;
  milliseconds patience_{0};
};

}  // namespace sanctum::simulation
