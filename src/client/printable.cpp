#include "client/printable.h"

#include <cstdint>

namespace sanctum::client {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Character {
  std::uint32_t point = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// The character at the start of `text`, which is not empty.
Character decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xF0 && lead < 0xF5   ? 4
                            : lead >= 0xE0 && lead < 0xF0 ? 3
                            : lead >= 0xC2 && lead < 0xE0 ? 2
                                                          : 0;
  if (bytes == 0 || text.size() < bytes) return {};
  std::uint32_t point = lead & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    point = (point << 6) | (next & 0x3F);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < kLeast[bytes] || point > 0x10FFFF || surrogate) return {};
  return {point, bytes, true};
}

bool acts_on_a_terminal(std::uint32_t point) {
  if (point == '\n' || point == '\t') return false;
  if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return true;
  const bool reorders = point == 0x200E || point == 0x200F || point == 0x061C ||
                        (point >= 0x202A && point <= 0x202E) ||
                        (point >= 0x2066 && point <= 0x2069);
  return reorders || point == 0x2028 || point == 0x2029;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto c = decode(text);
    if (!c.valid) {
      out += kReplacement;
    } else if (!acts_on_a_terminal(c.point)) {
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string printable_line(std::string_view text, std::size_t characters_max) {
  const std::string clean = printable(text);
  std::string out;
  std::size_t characters = 0;
  for (std::string_view rest = clean; !rest.empty();) {
    if (characters++ == characters_max) return out + "...";
    const auto c = decode(rest);
    out += c.point == '\n' || c.point == '\t' ? " " : rest.substr(0, c.bytes);
    rest.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace sanctum::client
