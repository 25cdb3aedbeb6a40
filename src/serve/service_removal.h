// Takes `sanctum serve` away from this machine's service manager, with all that was ever written
// for it, whatever state that is in: the unit file edited or gone, the manager gone or refusing.
#pragma once

#include <functional>
#include <string>
#include <utility>
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
// Ends what runs, as the manager would. A server that somebody else keeps goes on. `say`: what it
// waits for, for a person.
Removal remove_service(platform::ServiceScope scope,
                       const std::function<void(const std::string&)>& say = {});

// What there is of a service, so that what comes to it can be taken away again.
struct ServiceBefore {
  std::vector<std::string> paths;                          // traces and copies of the unit
  std::vector<std::pair<std::string, std::string>> links;  // of those: what they point to
};
ServiceBefore look_at_service(platform::ServiceScope scope, const std::string& state_directory);
// Takes away what was not there before, ends what runs by it, and puts links back.
void remove_what_is_new(platform::ServiceScope scope, const ServiceBefore& before);

// The state directory of what the unit starts.
std::string state_of(const std::vector<std::string>& unit_arguments);

}  // namespace sanctum::serve
