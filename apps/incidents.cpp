// sanctum incidents: what is wrong now, and what was.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>

#include "apps/commands.h"
#include "apps/serve_config.h"
#include "base/error.h"
#include "base/json.h"
#include "supervisor/journal_reader.h"

namespace sanctum {
namespace {

constexpr int kExitOpen = 1;
constexpr int kExitUsage = 2;
constexpr std::int64_t kMicro = 1'000'000;

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

int run(const Options& options) {
  const std::string state = options.state_dir.empty() ? default_state_dir() : options.state_dir;
  const auto records = supervisor::read_incidents(state, options.rows);
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
  return open ? kExitOpen : 0;
}

}  // namespace

void add_incidents(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("incidents", "What is wrong with a server now, and what was");
  command
      .add_option("--state-dir", options->state_dir,
                  "The server's (default: $XDG_STATE_HOME/sanctum or ~/.local/state/sanctum)")
      ->type_name("DIR")
      ->envname("SANCTUM_STATE_DIR");
  command.add_option("--rows", options->rows, "How many, the newest first")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command.add_flag("--json", options->json, "One JSON array");
  command.footer("Exit codes: 0 none is open, 1 one is, 2 the journal cannot be read");
  command.callback([options, &exit_code] {
    try {
      exit_code = run(*options);
    } catch (const Error& error) {
      std::fprintf(stderr, "sanctum incidents: %s\n", error.what());
      exit_code = kExitUsage;
    }
  });
}

}  // namespace sanctum
