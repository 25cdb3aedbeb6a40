#include "keeper_simulation.h"

#include <csignal>

#include "base/exit_code.h"
#include "kept_server.h"
#include "world.h"

namespace sanctum::simulation {
namespace {

constexpr int kFaultSecondsMin = 20, kFaultSecondsMax = 120;
constexpr int kLackingMax = 5;
// A pause between starts is half a minute at most, and a quarter more; so many may fail yet.
constexpr seconds kRecovery{kLackingMax * 38 + 30};
constexpr seconds kRestartedWithin{15};
constexpr seconds kGoneWithin{8};
// More in a row would be a crash loop, with which the whole ends.
constexpr int kOwnFaultsMax = 3;

class KeeperSchedule {
 public:
  KeeperSchedule(std::uint64_t seed, KeeperBug bug) : world_(seed), server_(world_, bug) {}

  KeptOutcome run() {
    server_.start();
    const seconds faults(world_.pick(kFaultSecondsMin, kFaultSecondsMax));
    faults_end_ = world_.now() + faults;
    trouble();
    run_for(faults);
    run_for(kRecovery);
    recovered("long after the last fault");
    server_.change_configuration();
    server_.plan_restart();
    run_for(kRestartedWithin);
    recovered("after a planned restart");
    if (!server_.up_to_date())
      world_.violated("a planned restart keeps what was configured before");
    if (server_.restarting()) world_.violated("a planned restart is never over");
    leave();
    return {world_.violation(), world_.events(), server_.starts()};
  }

 private:
  // Until the end is asked for there is none.
  void run_for(seconds time) {
    world_.run_for(time);
    if (server_.exit_code()) world_.violated("the keeper gives up");
  }

  void recovered(const std::string& when) {
    if (!server_.proven()) world_.violated(when + " no gateway is of use");
    if (!server_.probed()) world_.violated(when + " nothing is probed");
  }

  void trouble() {
    world_.after(world_.time(100, 10'000), [this] {
      if (world_.now() >= faults_end_) return;
      strike();
      trouble();
    });
  }

  void strike() {
    switch (world_.pick(0, 9)) {
      case 0:
        return server_.kill_gateway(SIGKILL);
      case 1:
        if (++own_faults_ <= kOwnFaultsMax) server_.kill_gateway(SIGSEGV);
        return;
      case 2:
        if (++own_faults_ <= kOwnFaultsMax) server_.hang_gateway();
        return;
      case 3:
        server_.stop_engine();
        if (world_.chance(0.7)) server_.kill_gateway(SIGKILL);
        return;
      case 4:
        return server_.silence_probes();
      case 5:
        return server_.kill_probes();
      case 6:
        if (world_.chance(0.5)) server_.change_configuration();
        return server_.plan_restart();
      case 7:
        server_.lack(world_.pick(1, kLackingMax));
        return server_.kill_gateway(SIGKILL);
      case 8:  // another's SIGTERM
        return server_.leave_gateway(world_.chance(0.5) ? 0 : kExitCut);
      default:
        return server_.leave_gateway(kExitTryAgain);
    }
  }

  void leave() {
    if (!world_.violation().empty()) return;
    const bool by_itself = world_.chance(0.3);
    if (by_itself) {
      server_.leave_gateway(kExitConfiguration);
    } else {
      if (world_.chance(0.3)) server_.stop_engine();
      server_.end();
    }
    world_.run_for(kGoneWithin);
    if (!server_.exit_code()) return world_.violated("the keeper does not end");
    if (*server_.exit_code() != (by_itself ? kExitConfiguration : 0))
      world_.violated("the keeper ends with another code than its gateway");
    if (!by_itself && !server_.empty()) world_.violated("a process outlives its keeper");
  }

  World world_;
  KeptServer server_;
  Instant faults_end_{};
  int own_faults_ = 0;
};

}  // namespace

KeptOutcome simulate_keeper(std::uint64_t seed, KeeperBug bug) {
  return KeeperSchedule(seed, bug).run();
}

}  // namespace sanctum::simulation
