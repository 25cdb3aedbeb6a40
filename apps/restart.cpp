// sanctum restart: a planned restart of a running server, if it would come up again; waits until it
// has.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "client/control_client.h"
#include "client/printable.h"
#include "platform/lock_file.h"
#include "serve/ask_boots.h"
#include "serve/requests_cut.h"

namespace sanctum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLookEvery{100};
constexpr seconds kSayEvery{2};
constexpr std::size_t kShownCharactersMax = 500;

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

struct Options {
  std::string state_dir;
  int limit_s = 600;
  bool no_wait = false;
};

constexpr const char* kWhatIsReplaced =
    "What is replaced by     the engine  the server  settings   running requests\n"
    "  worker restart        yes         no          as before  go on with the next engine\n"
    "  restart, restart_at   yes         yes         read anew  finish first, within --drain\n"
    "  service restart       yes         yes         read anew  finish first, within --drain\n"
    "  a crash of the engine yes         no          as before  go on with the next engine\n"
    "While the last answers finish, new connections are refused, but for a worker restart.\n";

// What it found last may be minutes old: it is asked anew. Empty: nothing speaks against it.
std::string objection(const std::string& state) {
  std::printf("asking whether it would come up again ...\n");
  std::fflush(stdout);
  try {
    for (const auto& check : serve::ask_boots(state))
      if (!check.passed) return check.name + ": " + check.detail;
  } catch (const Error&) {  // without probes the server decides alone
  }
  return {};
}

// Of a model: its state, and why where it has failed.
struct ModelSeen {
  std::string state, why;
};

struct Seen {
  std::int64_t gateway = 0;  // pid
  bool ready = false;
  std::string state, reason;
  std::int64_t running = 0;  // requests
  std::map<std::string, ModelSeen> models = {};
};

std::map<std::string, ModelSeen> models_in(const json::Node& root) {
  std::map<std::string, ModelSeen> models;
  for (const json::Node& model : root.at("models").as_array()) {
    ModelSeen& seen = models[model.at("model").as_string()];
    seen.state = model.as_string_or("state", "");
    if (const auto failure = model.get("failure")) seen.why = failure->as_string_or("message", "");
  }
  return models;
}

std::set<std::string> ready_in(const std::optional<Seen>& seen) {
  std::set<std::string> names;
  if (!seen) return names;
  for (const auto& [name, model] : seen->models)
    if (model.state == "ready") names.insert(name);
  return names;
}

// Of whom it is not known yet what became of them: "'a', 'b'"; empty for none.
std::string still_loading(const Seen& seen, const std::set<std::string>& names) {
  std::string loading;
  for (const auto& name : names)
    if (const auto found = seen.models.find(name);
        found != seen.models.end() && found->second.state == "loading")
      loading += (loading.empty() ? "'" : ", '") + shown(name) + "'";
  return loading;
}

// Those that were served before and are not now. Whether there is none.
bool all_are_back(const Seen& seen, const std::set<std::string>& names) {
  bool all = true;
  for (const auto& name : names) {
    const auto found = seen.models.find(name);
    if (found == seen.models.end() || found->second.state != "failed") continue;
    std::fprintf(stderr,
                 "sanctum restart: '%s' was served before and could not be loaded: %s; `sanctum "
                 "status` says whether it comes back\n",
                 shown(name).c_str(), shown(found->second.why).c_str());
    all = false;
  }
  return all;
}

// Nothing while nobody answers.
std::optional<Seen> look(const std::string& state_dir) {
  try {
    const json::Document document = client::ControlClient(state_dir).ask("GET", "/status");
    const json::Node root = document.root();
    return Seen{root.at("pid").as_int(),
                root.at("ready").as_bool(),
                root.at("status").as_string(),
                root.as_string_or("reason", ""),
                root.at("requests").as_int_or("running", 0),
                models_in(root)};
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool held(const std::string& state_dir) {
  return platform::LockFile::holder(state_dir + "/lock").has_value();
}

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

std::string requests(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " request" : " requests");
}

std::string told(const Seen& seen, bool another, const std::string& loading) {
  if (!another) return "  waiting for " + requests(seen.running);
  if (seen.ready && !loading.empty()) return "  ready; still loading " + loading;
  return "  " + seen.state + (seen.reason.empty() ? "" : ": ") + seen.reason;
}

// Until another gateway is ready with the `models` that were ready before, or it is plain that none
// will be; how far it is, now and then. `asked_us`: when it was asked for; what was cut since is
// told.
int wait_until_back(const std::string& state_dir, std::int64_t before,
                    const std::set<std::string>& models, std::int64_t asked_us, seconds limit) {
  const Instant begin = Clock::now();
  Instant say_at = begin + kSayEvery;
  std::string loading;
  for (Instant now = begin; now - begin < limit; now = Clock::now()) {
    const auto seen = look(state_dir);
    if (!seen && !held(state_dir)) {
      say("the server has ended and did not come back; its log says why");
      return kExitNo;
    }
    const bool another = seen && seen->gateway != before;
    loading = another && seen->ready ? still_loading(*seen, models) : "";
    if (another && seen->ready && loading.empty()) {
      std::printf("ready again after %.1f s\n", std::chrono::duration<double>(now - begin).count());
      const std::string cut = serve::requests_cut_since(state_dir, asked_us);
      if (!cut.empty()) std::fprintf(stderr, "sanctum restart: %s\n", cut.c_str());
      return all_are_back(*seen, models) && cut.empty() ? 0 : kExitNo;
    }
    const bool over = another && (seen->state == "failed" || seen->state == "parked");
    if (seen && (over || now >= say_at)) {
      say(told(*seen, another, loading));
      say_at = now + kSayEvery;
    }
    if (over) return kExitNo;
    std::this_thread::sleep_for(kLookEvery);
  }
  say((loading.empty() ? "not ready yet" : "ready, but still loading " + loading) +
      "; `sanctum status` says how far it is");
  return kExitNo;
}

int run(const Options& options) {
  const std::string state = state_dir_or_default(options.state_dir);
  json::Writer w;
  w.begin_object().field("wrong", objection(state)).end_object();
  std::string said = "it starts again";
  std::int64_t before = 0;
  const std::set<std::string> models = ready_in(look(state));
  const std::int64_t asked_us = serve::unix_us_now();
  try {
    const auto answer = client::ControlClient(state).ask("POST", "/restart", w.take());
    before = answer.root().at("pid").as_int();
    if (const auto running = answer.root().as_int_or("running", 0); running > 0)
      said = requests(running) + " may still run for " +
             std::to_string(answer.root().as_int_or("drain_s", 0)) + " s (`serve --drain`), then " +
             said;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBusy) throw;
    std::fprintf(stderr, "sanctum restart: it would not come up: %s\n", error.what());
    return kExitNo;
  }
  say(said);
  if (options.no_wait) return 0;
  return wait_until_back(state, before, models, asked_us, seconds(options.limit_s));
}

}  // namespace

void add_restart(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("restart", "Restart a server, if it would come up again");
  add_state_dir(command, options->state_dir);
  command.add_option("--limit", options->limit_s, "Seconds to wait until it is ready again")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command.add_flag("--no-wait", options->no_wait, "Return as soon as it has been asked");
  command.footer(
      "What the probe 'boots' finds wrong is why it is refused: it is asked now, and for\n"
      "`serve --restart-at` every few minutes.\n"
      "\n" +
      std::string(kWhatIsReplaced) +
      "\n"
      "Example:\n"
      "  sanctum restart\n"
      "\n" +
      exit_codes("it is ready again (--no-wait: it restarts)",
                 "it would not come up, has not, or without a model that it had, or requests were "
                 "cut"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
