// sanctum probe: the probes by hand, once, or from another machine for good.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sha256.h"
#include "client/http.h"
#include "client/interrupt.h"
#include "client/running_servers.h"
#include "probes/alive.h"
#include "probes/server_state.h"
#include "probes/works.h"
#include "serve/ask_boots.h"
#include "serve/probe_thread.h"
#include "serve/state_secret.h"
#include "settings/probe_settings.h"
#include "settings/setting_options.h"

namespace sanctum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLookEvery{200};
constexpr seconds kPingLimit{10};
constexpr const char* kOfRelease = "the release's ";  // one check for each file

struct Options {
  client::EndpointOptions server;
  std::string which = "all";
  std::string watch;  // a server to watch for good
  std::string watch_state;
  std::string ping;
  int limit_s = 10;
  bool json = false;
  settings::ProbeSettings settings;
};

// Of weights on another machine nothing is known but what the server tells of them.
std::optional<std::string> told_digest(const probes::LoadedModel& model) {
  return "told-" + to_hex(sha256(model.name + " " + std::to_string(model.weight_bytes)));
}

std::vector<probes::Check> works(const client::Endpoint& endpoint, milliseconds limit,
                                 const std::string& state) {
  probes::WorksOptions options;
  options.endpoint = endpoint;
  options.limit = limit;
  options.digest = told_digest;
  probes::Goldens goldens(state + "/goldens");
  client::Connection connection(endpoint);
  const auto server = probes::ask_server_state(connection, limit);
  auto checks = check_works(server.loaded, options, goldens);
  for (const auto& [name, why] : server.failed) {
    probes::Check check;
    check.name = "'" + name + "' is loaded";
    check.detail = why;
    checks.push_back(std::move(check));
  }
  return checks;
}

void print_line(const probes::Check& check) {
  std::printf("%-4s %-36s %7.0f ms  %s\n", check.passed ? "OK" : "FAIL", check.name.c_str(),
              static_cast<double>(check.took_us) / 1e3, check.detail.c_str());
}

void print(const std::vector<probes::Check>& checks, bool as_json) {
  if (!as_json) {
    probes::Check files;
    int count = 0;  // of files that are as they were
    for (const auto& check : checks) {
      if (!check.passed || check.name.rfind(kOfRelease, 0) != 0) {
        print_line(check);
        continue;
      }
      ++count;
      files.took_us += check.took_us;
    }
    files.passed = true;
    files.name = "the release's files";
    files.detail = std::to_string(count) + " as they were signed";
    if (count > 0) print_line(files);
    std::fflush(stdout);
    return;
  }
  json::Writer w;
  w.begin_array();
  for (const auto& check : checks) {
    w.begin_object().field("name", check.name).field("passed", check.passed);
    w.field("took_us", check.took_us).field("detail", check.detail).end_object();
  }
  w.end_array();
  std::printf("%s\n", w.take().c_str());
}

int once(const Options& options) {
  client::Endpoint endpoint = resolve(options.server, client::process_environment);
  const auto ours = server_meant(options.server, client::process_environment);
  if (!ours && options.which == "boots")
    throw Error(ErrorCode::kInvalid, "boots looks at a server of yours on this machine, and " +
                                         endpoint.url +
                                         " is none that runs; name one with --state-dir");
  const std::string state = ours ? ours->state_dir : state_dir_or_default(options.server.state_dir);
  // On the server's machine it is its own probe: its fallback does not answer for it.
  if (ours && options.which != "boots" && std::filesystem::exists(state + "/probe.secret"))
    endpoint.probe = serve::state_secret(state, serve::kProbeSecret);
  const milliseconds limit = seconds(options.limit_s);
  std::vector<probes::Check> checks;
  const auto add = [&](std::vector<probes::Check> more) {
    if (!options.json) print(more, false);  // the next ones may take a while
    checks.insert(checks.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  };
  const auto wanted = [&](const char* which) {
    return options.which == which || options.which == "all";
  };
  if (wanted("alive")) add(probes::check_alive({endpoint}, limit));
  if (wanted("works")) add(works(endpoint, limit, state + "/by-hand"));
  // Of a server elsewhere, `all` is what can be asked from here.
  if (ours && wanted("boots")) add(serve::ask_boots(state));
  if (options.json) print(checks, true);
  const bool fine =
      std::all_of(checks.begin(), checks.end(), [](const auto& c) { return c.passed; });
  return fine ? 0 : kExitNo;
}

// Tells somebody else that we are still there: who hears nothing for a while raises the alarm.
void ping(const std::string& url) {
  client::Endpoint endpoint;
  endpoint.url = url;
  client::Connection connection(endpoint);
  const auto reply = connection.send({"GET", ""}, {kPingLimit, kPingLimit, kPingLimit});
  if (reply.ending != client::Ending::kAnswered)
    log::warn("ping_failed", {{"error", reply.message}});
}

int watch(Options options) {
  options.server.url = options.watch;
  const client::Endpoint endpoint = resolve(options.server, client::process_environment);
  std::filesystem::create_directories(options.watch_state);
  client::Interrupt interrupt;
  std::atomic<bool> stop{false};
  serve::ProbeReport report(options.watch_state, {});
  const auto alive = settings::track_limits(options.settings.alive);
  const auto working = settings::track_limits(options.settings.works);
  log::info("watching", {{"server", endpoint.url}, {"state_dir", options.watch_state}});
  std::vector<std::unique_ptr<serve::ProbeThread>> all;
  all.push_back(std::make_unique<serve::ProbeThread>(
      serve::ProbeWork{"alive", alive,
                       [&] { return probes::check_alive({endpoint}, alive.limit); }},
      report, stop));
  all.push_back(std::make_unique<serve::ProbeThread>(
      serve::ProbeWork{"works", working,
                       [&] { return works(endpoint, working.limit, options.watch_state); }},
      report, stop));
  Instant next_ping = Clock::now();
  while (!interrupt.take()) {
    bool get_on = true;
    for (const auto& probe : all) get_on &= probe->gets_on(Clock::now());
    if (get_on && !options.ping.empty() && Clock::now() >= next_ping) {
      ping(options.ping);
      next_ping = Clock::now() + alive.every;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  stop = true;
  return 0;
}

}  // namespace

void add_probe(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command =
      *app.add_subcommand("probe", "Prove that a server answers and that its models work");
  command
      .add_option("which", options->which,
                  "alive: it answers; works: its models answer rightly; boots: a restart would "
                  "come up (on the server's machine only)")
      ->check(CLI::IsMember({"alive", "works", "boots", "all"}))
      ->capture_default_str();
  add_server_options(command, options->server);
  command.add_option("--limit", options->limit_s, "Seconds that one answer may take")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command.add_flag("--json", options->json, "One JSON array instead of a line per check");
  auto* watched = command.add_option("--watch", options->watch,
                                     "Watch that server for good, from this machine");
  command
      .add_option("--watch-state", options->watch_state,
                  "Where the watcher keeps its record and what models said")
      ->needs(watched)
      ->type_name("DIR");
  command
      .add_option("--ping", options->ping,
                  "Ask for this URL as often as `alive` runs, while the watcher itself gets on")
      ->needs(watched);
  for (settings::Setting& setting : settings::probe_settings(options->settings)) {
    if (!setting.key.starts_with("alive_") && !setting.key.starts_with("works_")) continue;
    setting.variable.clear();
    setting.group = "When watching";
    settings::add_option(command, setting)->needs(watched);
  }
  command.footer(
      "Examples:\n"
      "  sanctum probe\n"
      "  sanctum probe works --json\n"
      "  sanctum probe --watch https://server:1337 --watch-state ~/watch --cert client.pem --key "
      "client.key --cacert ca.pem --ping https://example.org/ping/123\n"
      "\n" +
      exit_codes("everything passed, or the watch was ended", "something did not"));
  on_chosen(command, exit_code, [options] {
    if (!options->watch.empty() && options->watch_state.empty())
      options->watch_state = client::default_state_dir() + "/watch";
    return options->watch.empty() ? once(*options) : watch(*options);
  });
}

}  // namespace sanctum
