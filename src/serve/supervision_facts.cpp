#include "serve/supervision_facts.h"

#include <cstdio>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "platform/command.h"
#include "platform/lock_file.h"
#include "platform/machine.h"
#include "serve/running_release.h"
#include "serve/service_arguments.h"
#include "serve/service_unit_file.h"
#include "settings/path_words.h"
#include "supervisor/program_file.h"

namespace sanctum::serve {
namespace {

// A word of a command that runs: a path from `directory`, or in PATH; what is not found stays.
std::string found(const std::string& program, const std::string& directory) {
  if (program.find('/') != std::string::npos) return settings::path_from(directory, program);
  try {
    return platform::program_in_path(program);
  } catch (const Error&) {
    return program;
  }
}

// Of two spellings, too: a link, another way to the same place.
bool is_one_program(const std::string& one, const std::string& other) {
  const auto file = supervisor::look_at_program(one);
  return file.runnable && file == supervisor::look_at_program(other);
}

}  // namespace

supervisor::SupervisionFacts supervision_facts(const std::string& state_directory,
                                               platform::ServiceScope scope) {
  supervisor::SupervisionFacts facts;
  facts.pid = platform::LockFile::holder(state_directory + "/lock").value_or(0);
  if (facts.pid > 0) {
    facts.parent = platform::parent_of(facts.pid);
    const std::string directory = platform::working_directory_of(facts.pid);
    facts.arguments = settled_command(platform::arguments_of(facts.pid), directory);
    if (!facts.arguments.empty()) facts.arguments[0] = found(facts.arguments[0], directory);
  }
  const auto state = platform::service_state(scope);
  facts.manager_answers = state.manager_answers;
  facts.enabled = state.enabled;
  facts.unit_pid = state.pid;
  try {
    facts.unit_path = platform::service_file(scope);
    if (!std::filesystem::exists(facts.unit_path)) return facts;
    facts.unit = parse_unit(read_file(facts.unit_path));
    facts.unit->arguments = settled_command(facts.unit->arguments, "/");
    // Whatever runs has kept a copy of itself there.
    const std::string& starts = facts.unit->arguments[0];
    if (!facts.arguments.empty() &&
        (starts == current_program(state_directory) || is_one_program(starts, facts.arguments[0])))
      facts.arguments[0] = starts;
  } catch (const Error& error) {
    facts.unit_problem = error.what();
  }
  return facts;
}

platform::ServiceScope keeping_scope(const std::string& state_directory) {
  const int pid = platform::LockFile::holder(state_directory + "/lock").value_or(0);
  const bool by_system =
      pid > 0 && platform::service_state(platform::ServiceScope::kSystem).pid == pid;
  return by_system ? platform::ServiceScope::kSystem : platform::ServiceScope::kUser;
}

void print(const supervisor::Verdict& verdict) {
  std::printf("%s\n", verdict.summary.c_str());
  for (const auto& finding : verdict.findings) {
    std::printf("  %s %s\n", finding.fine ? "yes" : "NO ", finding.what.c_str());
    if (!finding.advice.empty()) std::printf("      %s\n", finding.advice.c_str());
  }
}

}  // namespace sanctum::serve
