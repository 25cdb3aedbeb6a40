// A configuration file to begin with, from the table of settings: each one's words, its limits, and
// its default behind a '#'.
#pragma once

#include <string>

namespace sanctum::settings {

std::string sample_file();

}  // namespace sanctum::settings
