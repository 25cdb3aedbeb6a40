#include "serve/probes_process.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "base/exit_code.h"
#include "base/json.h"
#include "base/log.h"
#include "client/control_client.h"
#include "platform/own_address.h"
#include "probes/alive.h"
#include "serve/boots_checks.h"
#include "serve/orphan_watch.h"
#include "serve/probe_thread.h"
#include "serve/state_secret.h"
#include "serve/works_probe.h"

namespace sanctum::serve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kControlLimit{1};  // a gateway that hangs must not hold up who would replace it
constexpr seconds kBeatEvery{1};

// Who listens on every address is asked over this machine's own: it is what the certificate names.
std::string over_loopback(const std::string& address) {
  for (const auto& [every, own] : {std::pair{"0.0.0.0:", "127.0.0.1:"}, {"[::]:", "[::1]:"}})
    if (address.rfind(every, 0) == 0) return own + address.substr(std::string(every).size());
  return address;
}

std::vector<client::Endpoint> listeners(const settings::ServeConfig& config,
                                        const std::string& state) {
  std::vector<client::Endpoint> all;
  const std::string secret =
      or_exit(kExitFailure, [&] { return state_secret(state, kProbeSecret); });
  const auto add = [&](const std::string& scheme, const std::string& address) {
    if (address == "off") return;
    client::EndpointOptions options;
    options.url = scheme + over_loopback(address);
    options.state_dir = state;
    all.push_back(or_exit(kExitUsage, [&] {
      return client::resolve(options, [](const char*) { return std::optional<std::string>(); });
    }));
    all.back().probe = secret;
  };
  add("http://", config.listen);
  add("https://", config.mtls_listen);
  return all;
}

// A listener whose address this machine has lost cannot be reached, and another gateway could not
// even listen there.
std::vector<probes::Check> check_alive(const std::vector<client::Endpoint>& listeners,
                                       milliseconds limit) {
  auto checks = probes::check_alive(listeners, limit);
  for (auto& check : checks) {
    if (check.passed || !check.may_act) continue;
    std::string host = check.name.substr(check.name.find("://") + 3);
    host.erase(std::min(host.rfind(':'), host.size()));
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    if (platform::is_own_address(host)) continue;
    check.may_act = false;
    check.detail = "this machine no longer has the address " + host + ": " + check.detail;
  }
  return checks;
}

// What the gateway is told over its control socket.
class GatewayLink {
 public:
  GatewayLink(const std::string& state, int keeper) : state_(state), keeper_(keeper) {}

  void act(const std::string& probe, const probes::Check& check) const {
    const std::string reason = check.name + ": " + check.detail;
    if (probe == "alive") return tell_keeper(keeper_, keeper_message::ReplaceGateway{reason});
    if (probe != "works" || check.model.empty()) return;
    json::Writer w;
    w.begin_object().field("reason", "the probe 'works' found that " + reason).end_object();
    post("/worker/replace", w.take());
  }

  void tell(const std::string& probe, Instant began, const std::vector<probes::Check>& checks,
            const std::vector<supervisor::Incident>& open) const {
    json::Writer w;
    w.begin_object().field("probe", probe).field("began_us", microseconds_of(began));
    w.key("checks").begin_array();
    for (const auto& check : checks) {
      w.begin_object().field("name", check.name).field("passed", check.passed);
      w.field("took_us", check.took_us).field("detail", check.detail).end_object();
    }
    w.end_array().key("proofs").begin_array();
    for (const auto& check : checks) {
      if (check.model.empty()) continue;
      w.begin_object().field("model", check.model).field("modality", check.modality);
      w.field("passed", check.passed).field("by", "the probe 'works'");
      w.field("detail", check.detail).end_object();
    }
    w.end_array().key("incidents").begin_array();
    for (const auto& incident : open) {
      w.begin_object().field("key", incident.key).field("level", incident.level);
      w.field("what", incident.what).field("since_unix_s", incident.since_unix_s).end_object();
    }
    w.end_array().end_object();
    post("/probes", w.take());
  }

 private:
  void post(const std::string& path, const std::string& body) const {
    try {
      client::ControlClient(state_, kControlLimit).ask("POST", path, body);
    } catch (const Error& error) {
      log::warn("gateway_not_told", {{"path", path}, {"error", error.what()}});
    }
  }

  const std::string state_;
  const int keeper_;
};

// What the keeper says.
class Orders {
 public:
  explicit Orders(int keeper) : keeper_(keeper) {
    if (::fcntl(keeper, F_SETFL, O_NONBLOCK) != 0)
      throw Exit{kExitUsage, "this is a part of `serve`, which starts it by itself"};
  }

  // Returns after `limit`, or sooner; false once the keeper is gone.
  bool hear(milliseconds limit) {
    pollfd watched{keeper_, POLLIN, 0};
    const int readable = ::poll(&watched, 1, static_cast<int>(limit.count()));
    if (readable <= 0) return readable == 0 || errno == EINTR;
    char bytes[1024];
    const ssize_t count = ::read(keeper_, bytes, sizeof bytes);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    unread_.append(bytes, static_cast<std::size_t>(count));
    for (std::size_t end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
      obey(unread_.substr(0, end));
      unread_.erase(0, end + 1);
    }
    return count > 0;
  }
  // Beginnings and ends of planned restarts so far: odd while one goes on.
  std::uint64_t restarts() const { return restarts_; }
  // True once for every time that the probe was asked for.
  bool take(const std::string& probe) {
    const std::lock_guard lock(mutex_);
    return asked_.erase(probe) > 0;
  }

 private:
  void obey(const std::string& line) {
    KeeperMessage message;
    try {
      message = read_keeper_line(line);
    } catch (const Error& error) {  // the next one may be understood
      log::error("keeper_message", {{"error", error.what()}});
      return;
    }
    if (const auto* restarting = std::get_if<keeper_message::Restarting>(&message))
      if (restarting->so != (restarts_ % 2 == 1)) ++restarts_;
    const auto* run = std::get_if<keeper_message::RunProbe>(&message);
    if (run == nullptr) return;
    const std::lock_guard lock(mutex_);
    for (const char* known : {"alive", "works", "boots"}) {
      if (run->probe == known) asked_.insert(known);
    }
  }

  const int keeper_;
  std::string unread_;
  std::atomic<std::uint64_t> restarts_{0};  // counted by hear()
  std::mutex mutex_;                        // guards the next
  std::set<std::string> asked_;
};

}  // namespace

int run_probes(const settings::ServeConfig& config, int keeper) {
  const std::string& state = config.state_dir;
  const auto endpoints = listeners(config, state);
  if (endpoints.empty()) throw Exit{kExitUsage, "there is no listener to probe"};
  const auto alive = settings::track_limits(config.probe.alive),
             works = settings::track_limits(config.probe.works);

  std::atomic<bool> stop{false};
  Orders orders(keeper);
  const GatewayLink gateway(state, keeper);
  ProbeReport report(state, {[&](const std::string& probe, const probes::Check& check) {
                               gateway.act(probe, check);
                             },
                             [&](const std::string& probe, Instant began, const auto& checks,
                                 const auto& open) { gateway.tell(probe, began, checks, open); }});
  WorksProbe works_probe(
      state, endpoints.front(), works.limit, stop,
      [&report](const std::string& moved_to) { report.state_file_damaged("goldens", moved_to); });
  std::vector<std::unique_ptr<ProbeThread>> all;
  const auto add = [&](ProbeWork work) {
    work.restarts = [&orders] { return orders.restarts(); };
    work.due = [&orders, name = work.name, due = std::move(work.due)] {
      return orders.take(name) || (due && due());
    };
    all.push_back(std::make_unique<ProbeThread>(std::move(work), report, stop));
  };
  add({"alive", alive, [&] { return check_alive(endpoints, alive.limit); }});
  add({"works", works, [&] { return works_probe.run(); }, [&] { return works_probe.due(); },
       [&] { return works_probe.label(); }});
  BootsChecks boots_probe(config, state, endpoints, stop);
  add({"boots", settings::track_limits(config.probe.boots), [&] { return boots_probe.run(); }});

  while (orders.hear(kBeatEvery)) {
    bool get_on = true;
    for (const auto& probe : all) get_on &= probe->gets_on(Clock::now());
    if (get_on) tell_keeper(keeper, keeper_message::Beat{});
  }
  // A probe may be in the middle of a question whose answer nobody wants any more.
  log::flush();
  std::_Exit(0);
}

}  // namespace sanctum::serve
