#include <array>
#include <charconv>
#include <cmath>

#include "base/json.h"

namespace sanctum::json {
namespace {

// Length of the valid UTF-8 sequence at text[i], or 0.
std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char lead = byte(i);
  std::size_t length = 0;
  std::uint32_t code = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF)
    length = 2, code = lead & 0x1F;
  else if (lead >= 0xE0 && lead <= 0xEF)
    length = 3, code = lead & 0x0F;
  else if (lead >= 0xF0 && lead <= 0xF4)
    length = 4, code = lead & 0x07;
  else
    return 0;
  if (i + length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
    code = (code << 6) | (byte(i + k) & 0x3F);
  }
  if (length == 3 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) return 0;
  if (length == 4 && (code < 0x10000 || code > 0x10FFFF)) return 0;
  return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    switch (c) {
      case '"':
        out += "\\\"";
        ++i;
        continue;
      case '\\':
        out += "\\\\";
        ++i;
        continue;
      case '\n':
        out += "\\n";
        ++i;
        continue;
      case '\r':
        out += "\\r";
        ++i;
        continue;
      case '\t':
        out += "\\t";
        ++i;
        continue;
      default:
        break;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += "\\u00";
      out += kHex[(c >> 4) & 0xF];
      out += kHex[c & 0xF];
      ++i;
      continue;
    }
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
    } else {
      out.append(text.substr(i, length));
      i += length;
    }
  }
  out += '"';
  return out;
}

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 32> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), result.ptr);
}

void Writer::separate() {
  if (!fresh_) out_ += ',';
  fresh_ = false;
}

Writer& Writer::begin_object() {
  separate();
  out_ += '{';
  fresh_ = true;
  return *this;
}
Writer& Writer::end_object() {
  out_ += '}';
  fresh_ = false;
  return *this;
}
Writer& Writer::begin_array() {
  separate();
  out_ += '[';
  fresh_ = true;
  return *this;
}
Writer& Writer::end_array() {
  out_ += ']';
  fresh_ = false;
  return *this;
}
Writer& Writer::key(std::string_view name) {
  separate();
  out_ += quote(name);
  out_ += ':';
  fresh_ = true;
  return *this;
}
Writer& Writer::value(std::string_view text) {
  return raw(quote(text));
}
Writer& Writer::value(bool flag) {
  return raw(flag ? "true" : "false");
}
Writer& Writer::value(double v) {
  return raw(number(v));
}
Writer& Writer::value(std::int64_t v) {
  return raw(std::to_string(v));
}
Writer& Writer::value(std::uint64_t v) {
  return raw(std::to_string(v));
}
Writer& Writer::null() {
  return raw("null");
}
Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace sanctum::json
