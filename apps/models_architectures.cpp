// sanctum models architectures: what this version serves, as its engine's program tells it.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/command.h"
#include "apps/models_commands.h"
#include "base/error.h"
#include "base/json.h"
#include "client/printable.h"
#include "convert/family.h"
#include "platform/command.h"
#include "platform/machine.h"

namespace sanctum {
namespace {

constexpr std::chrono::seconds kToldWithin{20};
constexpr std::size_t kShownCharactersMax = 300;

std::string asked() {
  const auto program =
      std::filesystem::path(platform::executable_path()).parent_path() / "sanctum-engine";
  const auto result = platform::run_command({program.string(), "--architectures"}, kToldWithin);
  if (result.status.signal == 0 && result.status.code == 0) return result.output;
  throw Error(ErrorCode::kUnavailable,
              "the engine's program " + platform::describe(result.status) + ": " +
                  client::printable_line(result.output, kShownCharactersMax));
}

std::string joined(const json::Node& words, const char* none) {
  std::string all;
  for (const auto& word : words.as_array()) all += (all.empty() ? "" : ", ") + word.as_string();
  return all.empty() ? none : all;
}

int list(bool as_json) {
  const std::string told = asked();
  const json::Document document(told);
  if (as_json) {
    std::printf("%s\n", document.root().dump().c_str());
    return 0;
  }
  std::printf("%-14s  %-8s  %s\n", "ARCHITECTURE", "PICTURES", "EQUAL TO THE REFERENCE IN");
  for (const auto& one : document.root().at("architectures").as_array())
    std::printf("%-14s  %-8s  %s\n", one.at("name").as_string().c_str(),
                one.at("pictures").as_bool() ? "yes" : "no",
                joined(one.at("proven"), "not tested").c_str());
  std::printf("\nNumbers that weights may have:\n");
  for (const auto& one : document.root().at("numbers").as_array())
    std::printf("  %s\n", one.as_string().c_str());
  std::printf("\n`sanctum models quantize` and `convert` take %s.\n",
              convert::convertible_architectures().c_str());
  return 0;
}

}  // namespace

void add_models_architectures(CLI::App& models, int& exit_code) {
  const auto as_json = std::make_shared<bool>(false);
  auto& command = *models.add_subcommand(
      "architectures", "What this version serves, and in which numbers that is proven");
  command.add_flag("--json", *as_json, "One JSON object");
  command.footer(
      "An architecture is config.json's model_type. Proven is what the project's tests compare "
      "with\n"
      "mlx_lm's and mlx_vlm's logits. `sanctum models info MODEL` says it of a model.\n"
      "\n"
      "Example:\n"
      "  sanctum models architectures\n"
      "\n" +
      exit_codes("listed"));
  on_chosen(command, exit_code, [as_json] { return list(*as_json); });
}

}  // namespace sanctum
