// Markers in a text that comes in pieces.
//
// Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sanctum::text {

inline constexpr std::string_view kSpace = " \t\r\n";

inline bool is_space(char c) {
  return kSpace.find(c) != std::string_view::npos;
}
// How many bytes of `set` the text begins with.
std::size_t leading(std::string_view text, std::string_view set = kSpace);
std::string_view trimmed(std::string_view text);

// Whether a text begins with a marker; kPartly where more of the text decides.
enum class Match { kNo, kPartly, kWhole };
Match match(std::string_view text, std::string_view marker);

struct Found {
  Match match = Match::kNo;
  std::string_view marker;  // kWhole: the longest that is there
};
// The same for the best of several: what is there whole, unless a longer one may still come.
Found match_any(std::string_view text, std::span<const std::string_view> markers);

struct Place {
  std::size_t at = std::string_view::npos;
  std::string_view marker;
};
// The first of any of the markers.
Place find_any(std::string_view text, std::span<const std::string_view> markers);

// Bytes at the end of `text` that could be whitespace before a marker and the marker's start.
std::size_t held_bytes(std::string_view text, std::span<const std::string_view> markers);

}  // namespace sanctum::text
