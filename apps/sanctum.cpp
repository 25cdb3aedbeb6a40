// The gateway, its supervisor and the command line. Never links MLX or Rust.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <string>

#include "apps/commands.h"
#include "base/error.h"
#include "base/log.h"
#include "platform/descriptors.h"

namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

constexpr const char* kExitCodes =
    "Exit codes: 0 success; 1 failure (smoke: a wrong answer, stress: PARTIAL); 2 wrong usage\n"
    "(stress: FAIL) or nobody there; 64 another sanctum serves this state directory; 69 an\n"
    "address is in use; 78 bad configuration.";

}  // namespace

int main(int argc, char** argv) {
  sanctum::platform::open_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Serves local language and vision models, and proves that it does.", "sanctum"};
  app.set_version_flag("--version", SANCTUM_VERSION);
  app.require_subcommand(1);
  app.footer(kExitCodes);
  int exit_code = 0;
  sanctum::add_serve(app, {argv + std::min(argc, 2), argv + argc}, exit_code);
  sanctum::add_parts_of_serve(app, exit_code);
  sanctum::add_chat(app, exit_code);
  sanctum::add_status(app, exit_code);
  sanctum::add_stop(app, exit_code);
  sanctum::add_worker(app, exit_code);
  sanctum::add_switch(app, exit_code);
  sanctum::add_restart(app, exit_code);
  sanctum::add_service(app, exit_code);
  sanctum::add_doctor(app, exit_code);
  sanctum::add_fallback(app, exit_code);
  sanctum::add_probe(app, exit_code);
  sanctum::add_incidents(app, exit_code);
  sanctum::add_release(app, exit_code);
  sanctum::add_smoke(app, exit_code);
  sanctum::add_stress(app, exit_code);
  sanctum::add_certs(app, exit_code);
  sanctum::add_keys(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  } catch (const sanctum::Error& error) {
    sanctum::log::last_words(std::string("sanctum: ") + error.what());
    return kExitFailure;
  } catch (const std::exception& error) {
    sanctum::log::last_words(std::string("sanctum: ") + error.what());
    return kExitFailure;
  }
  return exit_code;
}
