// Every setting of `serve` on one page, for people: docs/settings.md.
#pragma once

#include <string>

namespace sanctum::settings {

// In Markdown. The same text wherever it is made.
std::string reference_page();

}  // namespace sanctum::settings
