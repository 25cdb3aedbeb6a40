// A simulated engine process: it answers calls, says tokens step by step, and misbehaves when told.
//
// What it writes arrives in order and after a while. When it dies, what it had written still
// arrives, then the end of its socket.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "answers.h"
#include "bugs.h"
#include "platform/exit_status.h"
#include "programs.h"
#include "wire/heartbeat.h"
#include "wire/messages.h"
#include "world.h"

namespace sanctum::simulation {

struct EngineHooks {
  std::function<void(std::string line)> notification;
  std::function<void(int call, std::string line)> reply;
  std::function<void()> socket_ended;
};

class SimEngine : public std::enable_shared_from_this<SimEngine> {
 public:
  SimEngine(World& world, EngineHooks hooks, Bug bug, std::string poison, Fate fate);

  // --- as the supervisor sees it ---
  void begin();
  void call(int number, const std::string& method, const std::string& body);
  void close_socket();
  void signal(int number);
  bool gone() const { return gone_; }
  int died_of() const { return ended_.signal; }  // 0: it left by itself
  const platform::ExitStatus& ended() const { return ended_; }
  bool stopped() const { return stopped_; }
  wire::Pulse pulse() const;
  std::vector<std::uint64_t> suspects() const { return suspects_; }

  // --- what befalls it ---
  void die(int signal_number, int exit_code = 0);
  void stop() { stopped_ = true; }  // SIGSTOP
  void hang() { hanging_ = true; }  // it beats, and gets nowhere
  void lie() { lying_ = true; }     // what it says is not what it chose
  void load_slowly() { slow_disk_ = true; }
  bool lying() const { return lying_; }
  bool well() const { return !gone_ && !stopped_ && !hanging_ && !lying_; }
  bool working() const { return !running_.empty() && !gone_ && !stopped_ && !hanging_; }

 private:
  struct Running {
    std::string prompt;
    Answer answer;
    bool fresh = true;  // its prompt is still to be computed
    bool cancelled = false;
  };
  void beat();
  void step();
  void accept(int number, const wire::GenerateRequest& request);
  void send(std::function<void()> arrives);
  bool acts() const { return !gone_ && !stopped_; }
  void finish(const std::string& request, Running& running);

  World& world_;
  EngineHooks hooks_;
  Bug bug_;
  std::string poison_;
  const Fate fate_;
  bool ready_ = false, loaded_ = false, gone_ = false, stopped_ = false, hanging_ = false;
  bool lying_ = false, slow_disk_ = false;
  bool stepping_ = false;
  platform::ExitStatus ended_;
  std::uint64_t beats_ = 0, progress_ = 0, steps_ = 0;
  wire::Phase phase_ = wire::Phase::kIdle;
  std::vector<std::uint64_t> suspects_;
  std::map<std::string, Running> running_;
  Instant last_arrival_{};
};

}  // namespace sanctum::simulation
