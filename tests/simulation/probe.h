// The probe `works` of the simulated server: it asks a question whose answer is known, again and
// again, and the track that ships (probes/track.h) says when the engine is to be replaced.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "answers.h"
#include "probes/track.h"
#include "server.h"
#include "world.h"

namespace sanctum::simulation {

class SimProbe {
 public:
  // `proven` hears of every right answer.
  SimProbe(World& world, SimServer& server, std::function<void()> proven);
  ~SimProbe();
  void start() { ask(); }
  void end() { ended_ = true; }

 private:
  class Question;
  void ask();
  void answered(bool right);

  World& world_;
  SimServer& server_;
  const std::function<void()> proven_;
  const probes::TrackLimits limits_;
  const Whole expected_;
  probes::TrackState track_;
  int asked_ = 0;
  int asked_engine_ = 0;  // its life
  bool ended_ = false;
  std::vector<std::unique_ptr<Question>> questions_;  // outlive the gateway that knows them
};

}  // namespace sanctum::simulation
