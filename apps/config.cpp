#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "base/file.h"
#include "settings/sample_file.h"

namespace sanctum {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFileDefault = "sanctum.toml";

int init(const std::string& told) {
  if (told == "-") {
    std::cout << settings::sample_file();
    return 0;
  }
  std::error_code ignored;
  const std::string file =
      fs::is_directory(told, ignored) ? (fs::path(told) / kFileDefault).string() : told;
  if (fs::exists(fs::symlink_status(file, ignored)))
    throw Error(ErrorCode::kInvalid,
                file + " is there already, and is left as it is: name another, or `-` to print one",
                "FILE");
  write_file_atomically(file, settings::sample_file());
  std::cout << "wrote " << file << "; every line in it is a default\n"
            << "next: edit it, then `sanctum serve --config " << file << "`\n";
  return 0;
}

}  // namespace

void add_config(CLI::App& app, int& exit_code) {
  auto& command = *app.add_subcommand("config", "Begin a configuration file for `serve`");
  command.require_subcommand(1);
  auto& start = *command.add_subcommand(
      "init", "Write a configuration file that has every setting, its words and its default");
  const auto file = std::make_shared<std::string>(kFileDefault);
  start.add_option("FILE", *file, "Where to write it; -: to standard output")
      ->capture_default_str();
  start.footer(
      "Examples:\n"
      "  sanctum config init\n"
      "  sanctum config init ~/.config/sanctum.toml\n"
      "  sanctum serve --config sanctum.toml --check\n"
      "\n" +
      exit_codes("written"));
  on_chosen(start, exit_code, [file] { return init(*file); });
}

}  // namespace sanctum
