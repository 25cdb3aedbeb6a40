// Another server that answers when our engine cannot, by the policy that ships. It is there in some
// schedules only.
#pragma once

#include "bugs.h"
#include "supervisor/fallback_policy.h"
#include "world.h"

namespace sanctum::simulation {

class OtherServer {
 public:
  OtherServer(World& world, Bug bug, bool there) : world_(world), bug_(bug), there_(there) {}

  // As the gateway asks before a request goes to our engine, and when that has refused it.
  bool answers_instead(bool parked) {
    if (!there_) return false;
    const bool served = state_.serving;
    const auto decision = supervisor::on_request(state_, parked, false, world_.now());
    if (decision.forward && !parked && !served)
      world_.violated("another server answers though our engine can");
    if (!decision.forward && parked) world_.violated("nobody answers while the engine is parked");
    return decision.forward && bug_ != Bug::kRefusesForTheOther;
  }
  // Our engine was proven to work.
  void proven() {
    if (bug_ != Bug::kKeepsTheOther) supervisor::on_proof(state_, world_.now());
  }
  bool there() const { return there_; }
  bool serving() const { return state_.serving; }

 private:
  World& world_;
  const Bug bug_;
  const bool there_;
  supervisor::FallbackState state_;
};

}  // namespace sanctum::simulation
