#include "text/utf8_stream.h"

#include <cstddef>
#include <string_view>

namespace sanctum::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Character {
  std::size_t bytes = 1;  // how many belong together
  enum { kWhole, kInvalid, kUnfinished } state = kInvalid;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, Character::kWhole};
  std::size_t length = 0;
  // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
  unsigned char low = 0x80, high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, Character::kInvalid};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {i, Character::kUnfinished};
    if (byte(i) < low || byte(i) > high) return {i, Character::kInvalid};
    low = 0x80;
    high = 0xBF;
  }
  return {length, Character::kWhole};
}

}  // namespace

std::string take_characters(std::string& bytes, bool at_end) {
  std::string out;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const Character next = first_character(rest);
    if (next.state == Character::kUnfinished && !at_end) break;
    out += next.state == Character::kWhole ? rest.substr(0, next.bytes) : kReplacement;
    rest.remove_prefix(next.bytes);
  }
  bytes.erase(0, bytes.size() - rest.size());
  return out;
}

}  // namespace sanctum::text
