#include "serve/supervision_facts.h"

#include <cstdio>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "platform/lock_file.h"
#include "platform/machine.h"
#include "serve/running_release.h"
#include "serve/service_arguments.h"
#include "serve/service_unit_file.h"

namespace sanctum::serve {

supervisor::SupervisionFacts supervision_facts(const std::string& state_directory,
                                               platform::ServiceScope scope) {
  supervisor::SupervisionFacts facts;
  facts.pid = platform::LockFile::holder(state_directory + "/lock").value_or(0);
  if (facts.pid > 0) {
    facts.parent = platform::parent_of(facts.pid);
    facts.arguments = settled_command(platform::arguments_of(facts.pid),
                                      platform::working_directory_of(facts.pid));
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
    if (!facts.arguments.empty() && facts.unit->arguments[0] == current_program(state_directory))
      facts.arguments[0] = facts.unit->arguments[0];
  } catch (const Error& error) {
    facts.unit_problem = error.what();
  }
  return facts;
}

void print(const supervisor::Verdict& verdict) {
  std::printf("%s\n", verdict.summary.c_str());
  for (const auto& finding : verdict.findings) {
    std::printf("  %s %s\n", finding.fine ? "yes" : "NO ", finding.what.c_str());
    if (!finding.fine) std::printf("      %s\n", finding.advice.c_str());
  }
}

}  // namespace sanctum::serve
