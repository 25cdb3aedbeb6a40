#include "serve/load_check.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "platform/command.h"
#include "serve/worker_options.h"
#include "supervisor/program_file.h"

namespace sanctum::serve {
namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

void check_loads(const settings::ServeConfig& config) {
  const supervisor::WorkerOptions options = worker_options(config, {});
  if (!supervisor::look_at_program(options.path).runnable)
    throw Exit{kExitFailure, "there is no program that can be run at " + options.path +
                                 "; --engine names the engine's"};
  if (!config.fallback.empty()) return;
  std::vector<std::string> words{options.path, "--log-level", "error"};
  for (auto& word : engine_words(config)) words.push_back(std::move(word));
  for (const auto& model : options.models)
    words.insert(words.end(), {"--check", model.model + "=" + model.path});
  try {
    const auto result = platform::run_command(words, kLoadCheckMax);
    const std::string why = trimmed(result.output);
    if (result.status.signal == 0 && result.status.code == kExitConfiguration && !why.empty())
      throw Exit{kExitFailure, why};
  } catch (const Error&) {  // a disk that does not answer: the load says so, and is tried again
    return;
  }
}

}  // namespace sanctum::serve
