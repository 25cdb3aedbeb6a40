// Whether somebody keeps a server running, or whether it is there by coincidence: a judgement over
// facts. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "supervisor/service_unit.h"

namespace sanctum::supervisor {

struct SupervisionFacts {
  // Of the server that holds the state directory; 0 for none.
  int pid = 0;
  int parent = 0;
  std::vector<std::string> arguments;
  // Of the service manager.
  bool manager_answers = false;
  std::string unit_path;  // where it belongs
  std::optional<ServiceUnit> unit;
  std::string unit_problem;  // of a file that is there and makes no sense
  bool enabled = false;
  int unit_pid = 0;  // the process that the manager keeps for it; 0 for none
};

struct Finding {
  bool fine = false;
  std::string what;    // "the unit file is there"
  std::string advice;  // what to do about one that is not fine
};

struct Verdict {
  bool supervised = false;
  std::string summary;
  std::vector<Finding> findings;
};

Verdict judge(const SupervisionFacts& facts);

}  // namespace sanctum::supervisor
