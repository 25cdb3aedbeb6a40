// sanctum incidents: what is wrong now, and what was.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "base/json.h"
#include "client/control_client.h"
#include "supervisor/journal_reader.h"

namespace sanctum {
namespace {

constexpr std::int64_t kMicro = 1'000'000;
constexpr std::chrono::milliseconds kAskLimit{3000};

struct Options {
  std::string state_dir;
  int rows = 20;
  bool json = false;
};

std::string told(std::int64_t unix_us) {
  const std::time_t seconds = unix_us / kMicro;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

void print(const supervisor::IncidentRecord& record) {
  std::printf("%-6s %-5s %s  %s\n", record.closed_us ? "over" : "OPEN", record.level.c_str(),
              told(record.opened_us).c_str(), record.key.c_str());
  std::printf("       %s\n", record.what.c_str());
  if (record.closed_us)
    std::printf("       over since %s: %s\n", told(*record.closed_us).c_str(), record.how.c_str());
}

// Those that the server itself holds open. Throws Error(kUnavailable) where none answers.
std::vector<supervisor::IncidentRecord> open_at_the_server(const std::string& state) {
  const json::Document document = client::ControlClient(state, kAskLimit).ask("GET", "/status");
  std::vector<supervisor::IncidentRecord> open;
  for (const auto& node : document.root().at("incidents").as_array()) {
    supervisor::IncidentRecord record;
    record.key = node.at("key").as_string();
    record.level = node.at("level").as_string();
    record.what = node.at("what").as_string();
    record.opened_us = node.at("since_unix_s").as_int() * kMicro;
    open.push_back(std::move(record));
  }
  return open;
}

// What is wrong now is the server's to say: its journal may be on a disk that is full. Throws Error
// where neither can be asked.
std::vector<supervisor::IncidentRecord> records_of(const std::string& state, int rows) {
  std::vector<supervisor::IncidentRecord> open;
  try {
    open = open_at_the_server(state);
  } catch (const Error&) {
    return supervisor::read_incidents(state, rows);
  }
  std::vector<supervisor::IncidentRecord> past;
  try {
    past = supervisor::read_incidents(state, rows);
  } catch (const Error& error) {
    std::fprintf(stderr, "what was cannot be told: %s\n", error.what());
  }
  for (auto& record : open) {
    const auto same = std::find_if(past.begin(), past.end(), [&](const auto& known) {
      return !known.closed_us && known.key == record.key;
    });
    if (same != past.end()) record.times = same->times;
  }
  // One that stands open there and not here is an earlier life's, whose end was not written.
  std::erase_if(past, [](const auto& record) { return !record.closed_us; });
  open.insert(open.end(), std::make_move_iterator(past.begin()),
              std::make_move_iterator(past.end()));
  if (open.size() > static_cast<std::size_t>(rows)) open.resize(static_cast<std::size_t>(rows));
  return open;
}

int run(const Options& options) {
  const std::string state = readable_state_dir(options.state_dir);
  const auto records = records_of(state, options.rows);
  bool open = false;
  json::Writer w;
  w.begin_array();
  for (const auto& record : records) {
    open |= !record.closed_us;
    if (!options.json) print(record);
    w.begin_object().field("key", record.key).field("level", record.level);
    w.field("what", record.what).field("opened_us", record.opened_us).field("times", record.times);
    if (record.closed_us) w.field("closed_us", *record.closed_us).field("how", record.how);
    w.end_object();
  }
  w.end_array();
  if (options.json) std::printf("%s\n", w.take().c_str());
  if (!options.json && records.empty()) std::printf("no incident is on record\n");
  return open ? kExitNo : 0;
}

}  // namespace

void add_incidents(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("incidents", "What is wrong with a server now, and what was");
  add_state_dir(command, options->state_dir);
  command.add_option("--rows", options->rows, "How many, the newest first")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command.add_flag("--json", options->json, "One JSON array");
  command.footer(
      "What is open is asked of the server, if it runs; what was is read from its journal.\n"
      "\n"
      "Examples:\n"
      "  sanctum incidents\n"
      "  sanctum incidents --rows 100 --json\n"
      "\n" +
      exit_codes("none is open", "one is"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
