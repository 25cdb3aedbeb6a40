#include "text/markers.h"

#include <algorithm>

namespace sanctum::text {

std::size_t leading(std::string_view text, std::string_view set) {
  return std::min(text.find_first_not_of(set), text.size());
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(leading(text));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

Match match(std::string_view text, std::string_view marker) {
  if (marker.empty()) return Match::kNo;
  if (text.starts_with(marker)) return Match::kWhole;
  return marker.starts_with(text) ? Match::kPartly : Match::kNo;
}

Found match_any(std::string_view text, std::span<const std::string_view> markers) {
  Found best;
  bool partly = false;
  for (const std::string_view marker : markers) {
    const Match found = match(text, marker);
    partly = partly || found == Match::kPartly;
    if (found == Match::kWhole && marker.size() > best.marker.size()) best = {found, marker};
  }
  if (partly) best = {Match::kPartly, {}};
  return best;
}

Place find_any(std::string_view text, std::span<const std::string_view> markers) {
  Place first;
  for (const std::string_view marker : markers) {
    const std::size_t at = text.find(marker);
    if (at < first.at) first = {at, marker};
  }
  return first;
}

std::size_t held_bytes(std::string_view text, std::span<const std::string_view> markers) {
  std::size_t held = 0;
  for (const std::string_view marker : markers) {
    std::size_t size = std::min(marker.size() - 1, text.size());
    while (size > held && !text.ends_with(marker.substr(0, size))) --size;
    held = std::max(held, size);
  }
  while (held < text.size() && is_space(text[text.size() - held - 1])) ++held;
  return held;
}

}  // namespace sanctum::text
