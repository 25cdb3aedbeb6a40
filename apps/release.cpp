// sanctum release holds DIR: who executes from a directory, before it is cleaned.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "apps/command.h"
#include "apps/commands.h"
#include "platform/executing.h"

namespace sanctum {
namespace {

int holds(const std::string& directory) {
  auto all = platform::executing_from(directory);
  std::erase_if(all, [](const auto& executing) { return executing.pid == ::getpid(); });
  for (const auto& executing : all) {
    std::printf("process %d (%s) executes %s\n", executing.pid, executing.program.c_str(),
                executing.file.c_str());
  }
  return all.empty() ? 0 : kExitNo;
}

}  // namespace

void add_release(CLI::App& app, int& exit_code) {
  auto& release = *app.add_subcommand("release", "What a running server is started from");
  release.require_subcommand(1);
  const auto directory = std::make_shared<std::string>();
  auto& command = *release.add_subcommand("holds", "Say who executes from a directory");
  command.add_option("directory", *directory, "Program or library files below it count")
      ->required()
      ->type_name("DIR");
  command.footer(
      "For a build's clean target or a git hook:\n"
      "  sanctum release holds build/bin && rm -rf build\n"
      "\n" +
      exit_codes("nobody does", "somebody does"));
  on_chosen(command, exit_code, [directory] { return holds(*directory); });
}

}  // namespace sanctum
