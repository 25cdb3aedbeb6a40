// Clients of the simulated server: they ask, listen, sometimes leave, and know what they must hear.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "answers.h"
#include "gateway/remote_engine.h"
#include "world.h"

namespace sanctum::simulation {

class Client : public gateway::GenerateListener {
 public:
  // `lying`: whether the engine is one that lies, which nobody can know before a probe has asked.
  // `refusing`: whether requests may be refused now. `elsewhere`: whether another server answers
  // what our engine has refused.
  Client(World& world, std::string name, std::string prompt, std::uint64_t seed, int max_tokens,
         bool poisonous, std::function<bool()> lying, std::function<bool()> refusing,
         std::function<bool()> elsewhere);

  void ask(gateway::RemoteEngine& gateway);
  // Another server has answered it.
  void answered_elsewhere() { over_ = true; }
  void leave(gateway::RemoteEngine& gateway);
  // From now on it may be told that nothing more will come.
  void may_be_cut() { may_be_cut_ = true; }
  bool over() const { return over_; }
  bool failed() const { return failed_; }
  const std::string& name() const { return name_; }

  void accepted(const wire::Accepted& accepted) override;
  void delta(const wire::RowDelta& row) override;
  void completed(const wire::Completed& completed) override;

 private:
  World& world_;
  const std::string name_, prompt_;
  const std::uint64_t seed_;
  const int max_tokens_;
  const bool poisonous_;
  const Whole expected_;
  const std::function<bool()> lying_, refusing_, elsewhere_;
  std::string heard_;
  int accepted_ = 0;
  bool left_ = false, over_ = false, failed_ = false;
  bool lied_to_ = false, may_be_cut_ = false;
};

}  // namespace sanctum::simulation
