#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "client/interrupt.h"
#include "stress/stress_report.h"

namespace sanctum {
namespace {

struct Options {
  client::EndpointOptions server;
  stress::StressOptions stress;
  std::string duration = "300s";
  std::string request_timeout = "60s";
  std::vector<std::string> pipelines{"text", "vision"};
  std::string reference = "battery";
  bool json = false;
};

std::vector<stress::Pipeline> pipelines_named(const std::vector<std::string>& names) {
  std::vector<stress::Pipeline> pipelines;
  for (const auto pipeline : {stress::Pipeline::kText, stress::Pipeline::kVision}) {
    for (const auto& name : names) {
      if (name != to_string(pipeline)) continue;
      pipelines.push_back(pipeline);
      break;
    }
  }
  return pipelines;
}

stress::Reference reference_named(const std::string& name) {
  return name == to_string(stress::Reference::kSolo) ? stress::Reference::kSolo
                                                     : stress::Reference::kBattery;
}

int run(Options& options) {
  auto& stress = options.stress;
  stress.endpoint = resolve(options.server, client::process_environment);
  stress.duration = stress::parse_duration(options.duration);
  stress.request_timeout = stress::parse_duration(options.request_timeout);
  stress.pipelines = pipelines_named(options.pipelines);
  stress.reference = reference_named(options.reference);
  client::Interrupt interrupt;
  const auto report = run_stress(
      stress,
      [](const stress::StressReport& so_far) { std::cerr << progress_line(so_far) << std::endl; },
      interrupt.flag());
  std::cout << (options.json ? report_json(report) + "\n" : report_text(report));
  return static_cast<int>(report.decision.verdict);
}

}  // namespace

void add_stress(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand(
      "stress", "Load a server with text and vision at once and check every answer");
  add_server_options(command, options->server);
  command.add_option("--duration", options->duration, "How long: 300s, 5m, 1h")
      ->capture_default_str();
  command.add_option("--workers", options->stress.workers, "Workers in each pipeline")
      ->check(CLI::Range(1, stress::kWorkersMax))
      ->capture_default_str();
  command.add_option("--model", options->stress.model, "Model (default: the server's first)");
  command.add_option("--vision-model", options->stress.vision_model,
                     "Model of the vision pipeline (default: the same)");
  command.add_option("--pipelines", options->pipelines, "Which pipelines: text,vision")
      ->delimiter(',')
      ->check(CLI::IsMember({"text", "vision"}))
      ->capture_default_str();
  command
      .add_option("--reference", options->reference,
                  "What is right: battery (known answers) or solo (the answer given alone)")
      ->check(CLI::IsMember({"battery", "solo"}))
      ->capture_default_str();
  command.add_option("--timeout", options->request_timeout, "Longest wait for one answer")
      ->capture_default_str();
  command.add_flag("--json", options->json, "One JSON object instead of a table");
  command.footer(
      "Each worker asks, checks and asks again. The text pipeline has fresh nonces repeated, the\n"
      "vision pipeline names the colour of 1x1 pictures; half of the requests are streamed. Crash\n"
      "reports and engine restarts that appear meanwhile are counted. It speaks only OpenAI's "
      "API,\n"
      "so it runs against any server. Progress goes to standard error; Ctrl-C ends it early.\n"
      "\n"
      "--reference battery needs a model that can repeat a nonce and name a colour. --reference "
      "solo\n"
      "works with any model: each question (text, tool call, pictures if the model sees; greedy, "
      "and\n"
      "sampled with a fixed seed) is asked once alone before the load begins, and every answer "
      "under\n"
      "load has to equal that one: text, tool calls, finish reason and log probabilities. A "
      "difference\n"
      "is a wrong answer; the first ones are shown, from where they differ.\n"
      "\n"
      "Verdict: PASS     every pipeline served; no error, wrong answer or crash\n"
      "         PARTIAL  every pipeline served, some errors or cut short; nothing wrong, no crash\n"
      "         FAIL     anything else\n"
      "\n"
      "Examples:\n"
      "  sanctum stress --duration 60s\n"
      "  sanctum stress --url https://127.0.0.1:1337 --workers 8 --json\n"
      "  sanctum stress --reference solo --duration 60s\n"
      "  sanctum stress --url http://other:8000 --pipelines text --duration 5m\n"
      "\n" +
      std::string("Exit codes: 0 PASS, 1 PARTIAL, 2 FAIL, or it could not be done"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
