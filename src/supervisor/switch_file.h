// The kill switches as somebody left them: switches.json in the state directory.
#pragma once

#include <string>

#include "wire/switches.h"

namespace sanctum::supervisor {

struct SwitchesFound {
  wire::Switches switches;
  std::string moved_aside;  // where a damaged file went; everything is on then
};
SwitchesFound read_switches(const std::string& state_directory);
// Throws Error when the disk refuses.
void write_switches(const std::string& state_directory, const wire::Switches& switches);

}  // namespace sanctum::supervisor
