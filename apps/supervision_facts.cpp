#include "apps/supervision_facts.h"

#include <filesystem>

#include "apps/service_unit_file.h"
#include "base/error.h"
#include "base/file.h"
#include "platform/lock_file.h"
#include "platform/machine.h"

namespace sanctum {

supervisor::SupervisionFacts supervision_facts(const std::string& state_directory,
                                               platform::ServiceScope scope) {
  supervisor::SupervisionFacts facts;
  facts.pid = platform::LockFile::holder(state_directory + "/lock").value_or(0);
  if (facts.pid > 0) {
    facts.parent = platform::parent_of(facts.pid);
    facts.arguments = platform::arguments_of(facts.pid);
  }
  const auto state = platform::service_state(scope);
  facts.manager_answers = state.manager_answers;
  facts.enabled = state.enabled;
  facts.unit_pid = state.pid;
  facts.unit_path = platform::service_file(scope);
  if (!std::filesystem::exists(facts.unit_path)) return facts;
  try {
    facts.unit = parse_unit(read_file(facts.unit_path));
  } catch (const Error& error) {
    facts.unit_problem = error.what();
  }
  return facts;
}

}  // namespace sanctum
