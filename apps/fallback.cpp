// sanctum fallback: whether another server answers in our engine's place.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "base/json.h"
#include "client/chat_client.h"
#include "client/control_client.h"

namespace sanctum {
namespace {

constexpr std::int64_t kTestTokens = 16;

struct Options {
  std::string state_dir, what;
};

struct Told {
  std::string mode, where, model;
  bool serving = false;
};

Told ask(const std::string& state, const std::string& mode) {
  json::Writer w;
  w.begin_object();
  if (!mode.empty()) w.field("mode", mode);
  w.end_object();
  const json::Document document = client::ControlClient(state).ask("POST", "/fallback", w.take());
  const json::Node root = document.root();
  return {root.at("mode").as_string(), root.at("where").as_string(), root.at("model").as_string(),
          root.at("serving").as_bool()};
}

// Asks the other server itself.
int test(const Told& told) {
  client::Endpoint endpoint;
  endpoint.url = told.where;
  client::ChatClient client(endpoint);
  std::string names;
  try {
    for (const auto& name : client.models()) names += (names.empty() ? "" : ", ") + name;
  } catch (const Error& error) {  // the answer: it does not
    std::printf("%s does not answer: %s\n", told.where.c_str(), error.what());
    return kExitNo;
  }
  const auto answer = client.chat({.model = told.model,
                                   .messages_json = R"([{"role":"user","content":"Say yes."}])",
                                   .max_tokens = kTestTokens,
                                   .temperature = 0.0});
  if (!answer.good()) {
    std::printf(
        "%s does not answer for '%s', which requests will ask it for: %s\n"
        "it has %s; `serve --fallback-model NAME` asks for one of these\n",
        told.where.c_str(), told.model.c_str(), answer.failure.c_str(), names.c_str());
    return kExitNo;
  }
  std::printf("%s answers for %s: %s\n", told.where.c_str(), told.model.c_str(),
              answer.content.c_str());
  return 0;
}

int run(const Options& options) {
  const std::string state = state_dir_or_default(options.state_dir);
  const bool turns = options.what != "test" && options.what != "show";
  const Told told = ask(state, turns ? options.what : "");
  if (options.what == "test") return test(told);
  std::printf("fallback %s: %s, %s\n", told.where.c_str(), told.mode.c_str(),
              told.serving ? "it answers in our engine's place" : "our engine answers");
  return 0;
}

}  // namespace

void add_fallback(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  options->what = "show";
  auto& command =
      *app.add_subcommand("fallback", "The server that answers while our engine cannot");
  command
      .add_option("what", options->what,
                  "auto: when the engine is parked, or has not got the model; on: from now on; "
                  "off: never; test: ask it "
                  "something; show")
      ->check(CLI::IsMember({"auto", "on", "off", "test", "show"}))
      ->capture_default_str();
  add_state_dir(command, options->state_dir);
  command.footer(
      "Examples:\n"
      "  sanctum fallback\n"
      "  sanctum fallback test\n"
      "  sanctum fallback on\n"
      "\n" +
      exit_codes("done", "the fallback does not answer"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
