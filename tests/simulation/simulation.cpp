#include "simulation.h"

#include <csignal>
#include <memory>
#include <vector>

#include "clients.h"
#include "operations.h"
#include "other_server.h"
#include "probe.h"
#include "server.h"
#include "world.h"

namespace sanctum::simulation {
namespace {

constexpr int kFaultSecondsMin = 20, kFaultSecondsMax = 90;
constexpr int kRequestsMax = 40;
constexpr int kTokensMax = 150;
constexpr int kLastClients = 3;
constexpr seconds kRecovery{60};
constexpr seconds kGoneWithin{8};     // SIGTERM, SIGKILL
constexpr seconds kKeptFor{15 * 60};  // longer than any trial
constexpr seconds kParkedWithin{10};
constexpr const char* kPoison = "poison";
constexpr int kOwnFaultsMax = 2;  // of the engine: more could look like one request's doing

class Schedule {
 public:
  Schedule(std::uint64_t seed, Bug bug)
      : world_(seed),
        operated_(world_.chance(0.4)),
        server_(world_, bug, !operated_ && world_.chance(0.3) ? kPoison : "", operated_),
        operations_(world_, server_),
        other_(world_, bug, world_.chance(0.4)),
        probe_(world_, server_, [this] { other_.proven(); }) {}

  Outcome run() {
    server_.start();
    if (probed_) probe_.start();
    const seconds faults(world_.pick(kFaultSecondsMin, kFaultSecondsMax));
    faults_end_ = world_.awake() + faults;
    const int requests = world_.pick(1, kRequestsMax);
    for (int i = 0; i < requests; ++i)
      world_.after(world_.time(0, static_cast<int>(milliseconds(faults).count())),
                   [this, i] { come(i); });
    trouble();
    world_.run_for(faults);
    recover();
    if (long_) keep_a_program();
    drain(static_cast<int>(clients_.size()));
    return {world_.violation(), world_.events(), requests, server_.starts()};
  }

 private:
  bool parked() const { return server_.state() == supervisor::WorkerState::kParked; }

  // A request that our engine has refused.
  bool answered_elsewhere() {
    if (!parked() || !other_.there()) return false;
    const bool answered = other_.answers_instead(true);
    if (!answered) world_.violated("a request is refused that another server would answer");
    return answered;
  }

  void come(int number) {
    const bool poisonous = number == 0;  // if the engine minds
    const std::string prompt = poisonous ? kPoison : "prompt " + std::to_string(world_.pick(0, 9));
    const bool fatal = poisonous && server_.machine().minds_poison();
    clients_.push_back(std::make_unique<Client>(
        world_, "r" + std::to_string(number), prompt,
        static_cast<std::uint64_t>(world_.pick(0, 99)), world_.pick(1, kTokensMax), fatal,
        [this] { return server_.lying(); }, [this] { return server_.refusing(); },
        [this] { return answered_elsewhere(); }));
    Client& client = *clients_.back();
    if (other_.answers_instead(parked())) return client.answered_elsewhere();
    client.ask(server_.gateway());
    if (world_.chance(0.1))
      world_.after(world_.time(0, 5000), [this, &client] { client.leave(server_.gateway()); });
  }

  // Something befalls the engine, again and again.
  void trouble() {
    if (world_.awake() >= faults_end_) return;
    world_.after(world_.time(100, 8000), [this] {
      if (world_.awake() < faults_end_) strike();
      trouble();
    });
  }

  void strike() {
    SimEngine* engine = server_.engine();
    if (operated_ && world_.chance(0.3)) return operations_.strike();
    const int kind = world_.pick(0, 12);
    if (kind == 12) return server_.machine().slow_disk();
    if (kind == 9) return world_.sleep(world_.time(1000, 8 * 3600 * 1000));
    if (engine == nullptr || engine->gone()) return;
    // More than a probe may act upon in a row would be a person's business; and half of the
    // schedules have no probe, whose questions can hide what is wrong by waking what sleeps.
    if (kind == 11 && (!probed_ || ++lies_ > probes::kActsMax)) return;
    const bool own = kind == 7 || kind == 10;
    if (own && (operated_ || server_.machine().minds_poison() || ++own_faults_ > kOwnFaultsMax))
      return;
    server_.machine().has_cause();
    if (kind == 11) {
      engine->lie();
    } else if (kind == 10) {
      server_.machine().garble(world_.chance(0.5) ? 0 : 2);
    } else if (kind < 5) {
      engine->die(SIGKILL);
    } else if (kind < 7) {
      engine->stop();
    } else if (kind == 7) {
      engine->hang();
    } else {
      engine->signal(SIGTERM);
    }
  }

  // The last fault has come, and what was broken is mended.
  void recover() {
    server_.machine().programs().mend_all();
    world_.run_for(operations_.patience());
    world_.run_for(kRecovery);
    if (world_.violation().empty()) recovered();
  }

  // A program that was kept running is the program: it is not left for the former one when it
  // breaks, but parked, until it is mended.
  void keep_a_program() {
    if (!world_.violation().empty()) return;
    operations_.replace(Fate::kLives);
    world_.run_for(kKeptFor);
    for (int i = 0; i < kLastClients; ++i) come(static_cast<int>(clients_.size()));
    operations_.break_program(world_.chance(0.5) ? Fate::kBadConfiguration : Fate::kMissing);
    world_.run_for(kParkedWithin);
    if (!world_.violation().empty()) return;
    if (server_.state() != supervisor::WorkerState::kParked)
      world_.violated("an engine without a program is " + std::string(to_string(server_.state())));
    for (const auto& client : clients_) {
      if (!client->over()) world_.violated("a request waits for an engine that will not come");
    }
    recover();
  }

  void recovered() {
    for (const auto& client : clients_) {
      if (!client->over()) return world_.violated("a request is forgotten: " + client->name());
    }
    if (server_.state() != supervisor::WorkerState::kReady)
      world_.violated("a minute after the last fault the worker is " +
                      std::string(to_string(server_.state())));
    if (server_.machine().program() != server_.rules().program())
      world_.violated("another program runs than the one that is wanted");
    if (server_.lying()) world_.violated("a minute after the last fault the engine lies");
    if (probed_ && other_.serving())
      world_.violated("a minute after the last fault another server answers for ours");
  }

  // The end, while some are still being answered and the engine may be stuck.
  void drain(int number) {
    for (int i = 0; i < kLastClients; ++i) come(number + i);
    for (const auto& client : clients_) client->may_be_cut();
    world_.run_for(world_.time(0, 2000));
    SimEngine* engine = server_.engine();
    if (engine != nullptr && world_.chance(0.3)) engine->stop();
    probe_.end();
    server_.stop();
    world_.run_for(kGoneWithin);
    for (const auto& client : clients_) {
      if (!client->over()) world_.violated("the drain forgets a request: " + client->name());
    }
    if (!server_.empty() || server_.state() != supervisor::WorkerState::kAbsent)
      world_.violated("an engine outlives its server");
  }

  World world_;
  const bool operated_;
  std::vector<std::unique_ptr<Client>> clients_;  // outlive the gateway that knows them
  SimServer server_;
  Operations operations_;
  OtherServer other_;
  SimProbe probe_;
  Instant faults_end_{};
  const bool probed_ = world_.chance(0.5);
  const bool long_ = operated_ && world_.chance(0.3);
  int own_faults_ = 0, lies_ = 0;
};

}  // namespace

Outcome simulate(std::uint64_t seed, Bug bug) {
  return Schedule(seed, bug).run();
}

}  // namespace sanctum::simulation
