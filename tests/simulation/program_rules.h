// What must be true of the program that runs, told from outside: by what was asked for, and by what
// was seen to happen.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "programs.h"
#include "world.h"

namespace sanctum::simulation {

class ProgramRules {
 public:
  ProgramRules(World& world, std::string program) : world_(world), program_(std::move(program)) {}

  void replaced_by(const std::string& program, bool while_parked);
  void became_ready() { ready_since_ = world_.now(); }
  void ended();
  void spawns(const std::string& program) const;
  void went_back(const std::string& from);
  // `fate`: of the last that was started.
  void parked(Fate fate) const;
  // The one that has to run in the end.
  const std::string& program() const { return program_; }

 private:
  // It was ready for so long in one life, this one included.
  bool was_ready_for(std::chrono::seconds time) const;

  World& world_;
  std::string program_, former_;  // to go back to; empty: none
  std::optional<Instant> ready_since_;
  Clock::duration longest_{};  // life of being ready, of this program
};

}  // namespace sanctum::simulation
