#include "serve/load_check.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "catalog/gguf_outline.h"
#include "catalog/imports.h"
#include "client/printable.h"
#include "gguf/import.h"
#include "platform/command.h"
#include "serve/gguf_imports.h"
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

namespace {

// Throws Exit where none of them could be loaded.
LoadsChecked ask_engine_once(const settings::ServeConfig& config,
                             const std::vector<wire::LoadRequest>& models, bool with_texts,
                             std::chrono::seconds limit, const std::atomic<bool>* cancelled) {
  std::vector<std::string> words{worker_options(config, {}).path, "--log-level", "error"};
  if (with_texts) words.emplace_back("--check-texts");
  for (auto& word : engine_words(config)) words.push_back(std::move(word));
  for (const auto& model : models)
    words.insert(words.end(), {"--check", model.model + "=" + model.path});
  // As the engine itself will be started: a release has its own libraries.
  std::vector<std::pair<std::string, std::string>> environment;
  if (const auto release = release_we_run_from(config.state_dir))
    environment.push_back(library_path(*release));
  try {
    const auto result = platform::run_command(words, limit, environment, cancelled);
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

// Where tokenizers and templates take too long, at least the weights are told of.
LoadsChecked ask_engine(const settings::ServeConfig& config,
                        const std::vector<wire::LoadRequest>& models, bool with_texts,
                        const std::atomic<bool>* cancelled) {
  LoadsChecked checked = ask_engine_once(config, models, with_texts, kLoadCheckMax, cancelled);
  if (!with_texts || checked.not_told.empty()) return checked;
  checked.failing = ask_engine_once(config, models, false, kWeightsCheckMax, cancelled).failing;
  return checked;
}

// Of GGUF files that are to be imported all must find room, once what nobody can use is gone.
// Throws Error.
void check_room(const settings::ServeConfig& config) {
  std::uint64_t room = 0;
  for (const auto& place : config.imports)
    if (!catalog::is_imported(place)) room += gguf::import_room(place.file);
  if (room > 0)
    gguf::check_room(config.state_dir, room,
                     catalog::bytes_to_come(config.imports, imports_of(config)));
}

void add(std::string& all, const std::string& why) {
  if (!why.empty()) all += (all.empty() ? "" : "; ") + why;
}

// Null where that cannot be told now, which `why` says too then. Throws Exit.
std::unique_ptr<catalog::GgufOutline> outline_of(const std::string& file, std::string& why) {
  try {
    return std::make_unique<catalog::GgufOutline>(file);
  } catch (const Error& error) {
    if (!may_pass(error.code())) throw Exit{kExitFailure, error.what()};
    add(why, file + ": " + error.what());
    return nullptr;
  }
}

// And each must be worth it, tokenizer and template too: what is made stays. Says why that of one
// cannot be told. Throws Exit.
std::string check_imports(const settings::ServeConfig& config, const std::atomic<bool>* cancelled) {
  std::string not_told;
  or_exit(kExitFailure, [&] { check_room(config); });
  for (const auto& place : config.imports) {
    if (catalog::is_imported(place)) continue;
    const auto outline = outline_of(place.file, not_told);
    if (!outline) continue;
    std::string name;
    for (const auto& model : config.found_models)
      if (model.path == place.directory) name = model.model;
    try {
      const auto checked = ask_engine(config, {{name, outline->path()}}, true, cancelled);
      add(not_told, outline->as_told_of_file(checked.not_told));
    } catch (const Exit& exit) {
      throw Exit{exit.code, outline->as_told_of_file(exit.message)};
    }
  }
  return not_told;
}

bool is_to_come(const settings::ServeConfig& config, const std::string& directory) {
  return std::any_of(config.imports.begin(), config.imports.end(), [&](const auto& place) {
    return place.directory == directory && !catalog::is_imported(place);
  });
}

}  // namespace

LoadsChecked check_loads(const settings::ServeConfig& config, bool with_texts,
                         const std::atomic<bool>* cancelled) {
  if (!config.fallback.empty()) return {{}, "the fallback answers where no model can"};
  if (const std::string why = engine_missing(config); !why.empty()) throw Exit{kExitFailure, why};
  const std::string not_told = check_imports(config, cancelled);
  std::vector<wire::LoadRequest> all = worker_options(config, {}).models, there;
  for (auto& model : all)
    if (!is_to_come(config, model.path)) there.push_back(std::move(model));
  if (there.empty()) return {{}, not_told};
  try {
    LoadsChecked checked = ask_engine(config, there, with_texts, cancelled);
    add(checked.not_told, not_told);
    return checked;
  } catch (const Exit& exit) {
    if (there.size() == all.size()) throw;
    return {exit.message, not_told};  // the others can
  }
}

}  // namespace sanctum::serve
