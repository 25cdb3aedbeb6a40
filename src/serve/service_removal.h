// Takes `sanctum serve` away from this machine's service manager, with all that was ever written
// for it, whatever state that is in: the unit file edited or gone, the manager gone or refusing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/service_manager.h"

namespace sanctum::serve {

struct Removal {
  bool found = false;                 // anything to remove, on the disk or in the manager
  std::vector<std::string> removed;   // paths
  int ended = 0;                      // the process that was kept by it; 0 for none
  std::string state_directory;        // of what it started, which stays; empty where there is none
  std::vector<std::string> troubles;  // what could not be done, and what to do
};
// Ends what runs, as the manager would. A server that somebody else keeps goes on.
Removal remove_service(platform::ServiceScope scope);

// The state directory of what the unit starts.
std::string state_of(const std::vector<std::string>& unit_arguments);

}  // namespace sanctum::serve
