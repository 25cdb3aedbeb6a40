#include "apps/engine_opinion.h"

#include <chrono>
#include <filesystem>

#include "base/error.h"
#include "base/exit_code.h"
#include "client/printable.h"
#include "platform/command.h"
#include "platform/machine.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 300;

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

// Without the model's name and place.
std::string reason_in(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  constexpr std::string_view kBefore = " cannot be served: ";
  const std::size_t at = text.find(kBefore);
  return shown(at == std::string::npos ? text : text.substr(at + kBefore.size()));
}

}  // namespace

Servable servable(const std::string& name, const std::string& directory, Instant until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
  if (left.count() <= 0) return {std::nullopt, "too many models to ask of each"};
  const auto program =
      std::filesystem::path(platform::executable_path()).parent_path() / "sanctum-engine";
  try {
    const auto result = platform::run_command(
        {program.string(), "--log-level", "error", "--check", name + "=" + directory}, left);
    if (result.status.signal != 0 ||
        (result.status.code != 0 && result.status.code != kExitConfiguration))
      return {std::nullopt, "the engine's program " + platform::describe(result.status)};
    return {result.status.code == 0, result.status.code == 0 ? "" : reason_in(result.output)};
  } catch (const Error& error) {
    return {std::nullopt, shown(error.what())};
  }
}

std::string word_of(const std::optional<bool>& yes) {
  return !yes ? "not told" : *yes ? "yes" : "no";
}

}  // namespace sanctum
