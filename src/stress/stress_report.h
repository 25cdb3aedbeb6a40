// A stress run as text and as JSON.
#pragma once

#include <string>

#include "stress/stress.h"

namespace sanctum::stress {

// "  12 s  text 240 ok 0 errors 0 wrong  vision ...": one line, without its end.
std::string progress_line(const StressReport& report);
// A table, the first failures, and the verdict; ends in a line feed.
std::string report_text(const StressReport& report);
std::string report_json(const StressReport& report);

}  // namespace sanctum::stress
