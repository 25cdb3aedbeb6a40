// The copy of what we run from, that every restart starts from.
#pragma once

#include <optional>
#include <string>

#include "settings/serve_config.h"

namespace sanctum::serve {

struct RunningRelease {
  std::string directory;
  std::string program() const { return directory + "/bin/sanctum"; }
  std::string libraries() const { return directory + "/lib"; }
};

// Made below the state directory: this program, its engine with its libraries, the built-in model;
// from then on it is the current one. Who runs from a copy in there keeps that. Throws Error: then
// there is no copy, and what is deleted or replaced while we run is missed by the next restart.
RunningRelease keep_running_release(const std::string& state_directory);

// The program that a service manager starts: of the copy that was kept last.
std::string current_program(const std::string& state_directory);

// For a process that was started from one.
std::optional<RunningRelease> release_we_run_from(const std::string& state_directory);

// What makes the dynamic linker look there first: name and value of a variable.
std::pair<std::string, std::string> library_path(const RunningRelease& release);

}  // namespace sanctum::serve
