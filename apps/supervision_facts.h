// What `doctor`, `service status` and the probe "will boot" look at.
#pragma once

#include <string>

#include "platform/service_manager.h"
#include "supervisor/supervision.h"

namespace sanctum {

// Of the server that holds the state directory, if any does.
supervisor::SupervisionFacts supervision_facts(const std::string& state_directory,
                                               platform::ServiceScope scope);

}  // namespace sanctum
