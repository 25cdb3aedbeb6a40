// How much computing time a container may use.
#pragma once

#include <string>

namespace sanctum::platform {

// The least that a control group of this process allows, in processors (2.5: two and a half), of a
// Linux system whose files begin at `root`; infinite without a limit. Versions 1 and 2.
double processors_allowed_in(const std::string& root);

}  // namespace sanctum::platform
