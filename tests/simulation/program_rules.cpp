#include "program_rules.h"

#include <algorithm>
#include <utility>

#include "supervisor/worker_carrier.h"

namespace sanctum::simulation {
namespace {

// Between what happens and its being seen; a machine that sleeps meanwhile can make it hours.
constexpr seconds kSlack{2};

}  // namespace

void ProgramRules::replaced_by(const std::string& program, bool while_parked) {
  if (program.empty() || program == program_) return;
  if (was_ready_for(supervisor::kTrialOfAProgram)) former_.clear();
  if (while_parked || program == former_) {
    former_.clear();
  } else if (former_.empty()) {
    former_ = program_;
  }
  program_ = program;
  ready_since_.reset();
  longest_ = {};
}

void ProgramRules::ended() {
  if (ready_since_) longest_ = std::max(longest_, world_.now() - *ready_since_);
  ready_since_.reset();
}

bool ProgramRules::was_ready_for(seconds time) const {
  return longest_ >= time || (ready_since_ && world_.now() - *ready_since_ >= time);
}

void ProgramRules::spawns(const std::string& program) const {
  if (program != program_)
    world_.violated("another program is started than the one that is wanted");
}

void ProgramRules::went_back(const std::string& from) {
  if (from != program_ || former_.empty())
    world_.violated("an engine goes back from a program that was on no trial");
  if (was_ready_for(supervisor::kTrialOfAProgram + kSlack))
    world_.violated("an engine goes back to a program that was left for good");
  program_ = std::exchange(former_, {});
  longest_ = {};
}

void ProgramRules::parked(Fate fate) const {
  if (fate == Fate::kLives) world_.violated("an engine is parked whose program is well");
  if (!former_.empty() && !was_ready_for(supervisor::kTrialOfAProgram - kSlack))
    world_.violated("an engine is parked though there is a former program");
}

}  // namespace sanctum::simulation
