#include "serve/load_check.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "client/printable.h"
#include "platform/command.h"
#include "serve/running_release.h"
#include "serve/worker_options.h"
#include "supervisor/program_file.h"

namespace sanctum::serve {
namespace {

constexpr std::size_t kSaidCharactersMax = 2000;

// One line, whatever a model's configuration or another program says.
std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return client::printable_line(text, kSaidCharactersMax);
}

}  // namespace

std::string engine_missing(const settings::ServeConfig& config) {
  const std::string path = worker_options(config, {}).path;
  if (supervisor::look_at_program(path).runnable) return {};
  return "there is no program that can be run at " + path + "; --engine names the engine's";
}

LoadsChecked check_loads(const settings::ServeConfig& config, bool with_texts,
                         const std::atomic<bool>* cancelled) {
  if (!config.fallback.empty()) return {{}, "the fallback answers where no model can"};
  if (const std::string why = engine_missing(config); !why.empty()) throw Exit{kExitFailure, why};
  const supervisor::WorkerOptions options = worker_options(config, {});
  std::vector<std::string> words{options.path, "--log-level", "error"};
  if (with_texts) words.emplace_back("--check-texts");
  for (auto& word : engine_words(config)) words.push_back(std::move(word));
  for (const auto& model : options.models)
    words.insert(words.end(), {"--check", model.model + "=" + model.path});
  // As the engine itself will be started: a release has its own libraries.
  std::vector<std::pair<std::string, std::string>> environment;
  if (const auto release = release_we_run_from(config.state_dir))
    environment.push_back(library_path(*release));
  try {
    const auto result = platform::run_command(words, kLoadCheckMax, environment, cancelled);
    const std::string said = trimmed(result.output);
    if (result.status.signal == 0 && result.status.code == 0) return {said, {}};
    if (result.status.signal == 0 && result.status.code == kExitConfiguration && !said.empty())
      throw Exit{kExitFailure, said};
    return {{},
            "the engine's program " + platform::describe(result.status) +
                (said.empty() ? "" : ": " + said)};
  } catch (const Error& error) {  // a disk that does not answer: the load says so, and tries again
    return {{}, error.what()};
  }
}

}  // namespace sanctum::serve
