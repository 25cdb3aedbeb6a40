// Makes text from a model or a server safe to show on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace sanctum::client {

// Drops everything that a terminal would act on instead of showing: control characters except line
// feed and tab, escape sequences' introducers (C0 and C1), and the marks that reorder text. Bytes
// that are no UTF-8 become U+FFFD.
std::string printable(std::string_view text);

// The same on one line: line feeds and tabs become spaces, and at most `characters_max` characters
// are kept, with "..." where more followed.
std::string printable_line(std::string_view text, std::size_t characters_max);

}  // namespace sanctum::client
