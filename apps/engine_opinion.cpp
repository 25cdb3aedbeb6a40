#include "apps/engine_opinion.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "base/exit_code.h"
#include "base/json.h"
#include "client/printable.h"
#include "platform/command.h"
#include "platform/machine.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 500;

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

// The first line, which the engine writes before it says what is wrong; takes it out of `output`.
std::optional<wire::ModelMemory> take_memory(std::string& output) {
  if (!output.starts_with('{')) return std::nullopt;
  const std::size_t end = std::min(output.find('\n'), output.size());
  const json::Document told(output.substr(0, end), "memory");
  output.erase(0, end);
  return wire::decode_model_memory(told.root());
}

// Without the model's name and place.
std::string reason_in(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  text.erase(0, text.find_first_not_of('\n'));
  constexpr std::string_view kBefore = " cannot be served: ";
  const std::size_t at = text.find(kBefore);
  return shown(at == std::string::npos ? text : text.substr(at + kBefore.size()));
}

}  // namespace

EngineOpinion engine_opinion(const std::string& name, const std::string& directory, Instant until,
                             const std::vector<std::string>& options) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
  if (left.count() <= 0) return {{std::nullopt, "too many models to ask of each"}};
  const auto program =
      std::filesystem::path(platform::executable_path()).parent_path() / "sanctum-engine";
  try {
    std::error_code ignored;
    const auto place = std::filesystem::absolute(directory, ignored);
    std::vector<std::string> words{program.string(), "--log-level", "error",
                                   "--check-texts",  "--check",     name + "=" + place.string()};
    words.insert(words.end(), options.begin(), options.end());
    auto result = platform::run_command(words, left);
    if (result.status.signal != 0 ||
        (result.status.code != 0 && result.status.code != kExitConfiguration))
      return {{std::nullopt, "the engine's program " + platform::describe(result.status)}};
    auto memory = take_memory(result.output);
    const bool can = result.status.code == 0;
    return {{can, can ? "" : reason_in(result.output)}, std::move(memory)};
  } catch (const Error& error) {
    return {{std::nullopt, shown(error.what())}};
  }
}

Servable servable(const std::string& name, const std::string& directory, Instant until) {
  return engine_opinion(name, directory, until, {}).can;
}

Servable not_servable(const Error& error) {
  if (may_pass(error.code())) return {std::nullopt, shown(error.what())};
  return {false, shown(error.what())};
}

std::string word_of(const std::optional<bool>& yes) {
  return !yes ? "not told" : *yes ? "yes" : "no";
}

}  // namespace sanctum
