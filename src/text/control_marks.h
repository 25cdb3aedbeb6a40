// How a special token that a parser has to see passes through a stream of text: as one byte that no
// UTF-8 text has, so that it is neither cut nor taken for what the model merely spelled.
//
// Between a Detokenizer and an OutputParser that were made for the same markers.
#pragma once

#include <cstddef>
#include <optional>

namespace sanctum::text {

inline constexpr std::size_t kControlMarksMax = 8;  // 0xF8 to 0xFF

// `index`: of the marker, below kControlMarksMax.
inline char control_mark(std::size_t index) {
  return static_cast<char>(static_cast<unsigned char>(0xF8 + index));
}

inline std::optional<std::size_t> marker_of(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  if (value < 0xF8) return std::nullopt;
  return value - 0xF8u;
}

}  // namespace sanctum::text
