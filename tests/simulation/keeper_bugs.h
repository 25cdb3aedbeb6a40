// Bugs that are planted between the keeper and its processes, each of which the simulator has to
// find.
#pragma once

namespace sanctum::simulation {

enum class KeeperBug {
  kNone,
  kForgetsTheEngine,      // a gateway is started though the last one's engine is there
  kNeverEndsTheEngine,    // one that stands still is left where it is
  kIgnoresTheProbes,      // a gateway that hangs is kept
  kLosesTheLastWord,      // nobody tells the keeper that a gateway has ended
  kTellsTwice,            // a gateway that ends is told so again, which cuts its requests
  kKeepsTheFallback,      // what the gateway started outlives it
  kKeepsSilentProbes,     // probes that stand still are not ended
  kOldConfiguration,      // a planned restart starts what was configured before
  kNeverForgetsThePlan,   // the probes are never told that a planned restart is over
  kForgetsTheProbes,      // at the end
  kGivesUpWhatIsLacking,  // a system without processes for a while is taken for a broken program
  kCanary,                // the simplest of all; the last
};

}  // namespace sanctum::simulation
