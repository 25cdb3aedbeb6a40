// What `doctor`, `service status` and the probe "will boot" look at.
#pragma once

#include <string>

#include "platform/service_manager.h"
#include "supervisor/supervision.h"

namespace sanctum::serve {

// Of the server that holds the state directory, if any does.
supervisor::SupervisionFacts supervision_facts(const std::string& state_directory,
                                               platform::ServiceScope scope);
// The system's where that one's manager keeps the server; else the user's.
platform::ServiceScope keeping_scope(const std::string& state_directory);
// For a person: what was found, and what to do about each that is not fine.
void print(const supervisor::Verdict& verdict);

}  // namespace sanctum::serve
