#include "serve/ask_boots.h"

#include <chrono>
#include <cstdint>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "client/control_client.h"

namespace sanctum::serve {
namespace {

constexpr std::chrono::milliseconds kLookEvery{200};
constexpr std::chrono::seconds kLimit{180};  // it hashes the release and the weights

json::Document last_runs(client::ControlClient& control) {
  try {
    return control.ask("GET", "/probes");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnavailable) throw;
    throw Error(error.code(), std::string(error.what()) +
                                  " 'boots' can be asked on the server's machine only, with its "
                                  "--state-dir");
  }
}

// One that began then may have looked before something changed.
bool began_since(const json::Document& told, std::int64_t asked_us) {
  const auto last = told.root().get("boots");
  return last && last->at("began_us").as_int() >= asked_us;
}

}  // namespace

std::vector<probes::Check> ask_boots(const std::string& state_directory) {
  client::ControlClient control(state_directory);
  json::Document told = last_runs(control);
  const Instant asked = Clock::now();
  control.ask("POST", "/probes/run", R"({"probe":"boots"})");
  while (!began_since(told, microseconds_of(asked))) {
    if (Clock::now() > asked + kLimit)
      throw Error(ErrorCode::kDeadline, "the server's probe 'boots' did not end within " +
                                            std::to_string(kLimit.count()) + " s");
    std::this_thread::sleep_for(kLookEvery);
    told = last_runs(control);
  }
  std::vector<probes::Check> checks;
  for (const auto& node : told.root().at("boots").at("checks").as_array()) {
    probes::Check check;
    check.name = node.at("name").as_string();
    check.passed = node.at("passed").as_bool();
    check.took_us = node.at("took_us").as_int();
    check.detail = node.at("detail").as_string();
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace sanctum::serve
