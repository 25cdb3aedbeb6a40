#include "base/size_text.h"

#include <cctype>
#include <charconv>
#include <cstdio>
#include <limits>

namespace sanctum {
namespace {

constexpr std::string_view kUnits = "bkmgtpe";

// By which power of 1024; nothing for what is no unit.
std::optional<int> power_of(std::string_view unit) {
  if (unit.empty()) return 0;
  const auto lower = [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  };
  const std::size_t power = kUnits.find(lower(unit.front()));
  if (power == std::string_view::npos) return std::nullopt;
  unit.remove_prefix(1);
  if (power > 0 && !unit.empty() && lower(unit.front()) == 'i') {
    unit.remove_prefix(1);
    if (unit.empty()) return std::nullopt;
  }
  if (power > 0 && !unit.empty() && lower(unit.front()) == 'b') unit.remove_prefix(1);
  if (!unit.empty()) return std::nullopt;
  return static_cast<int>(power);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::uint64_t> read_size(std::string_view text) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  text = trimmed(text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const auto power = power_of(trimmed(text));
  if (!power) return std::nullopt;
  for (int i = 0; i < *power; ++i) {
    if (number > kMax / 1024) return std::nullopt;
    number *= 1024;
  }
  return number <= kMax ? std::optional(number) : std::nullopt;
}

std::string exact_size_text(std::uint64_t bytes) {
  int power = 0;
  while (bytes != 0 && bytes % 1024 == 0 && power < 6) bytes /= 1024, ++power;
  return std::to_string(bytes) + (power == 0 ? "" : std::string(1, " KMGTPE"[power]) + "iB");
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes);
  const char* unit = "kMGTPE";
  for (value /= 1000; value >= 999.5; value /= 1000) ++unit;
  char text[16];
  std::snprintf(text, sizeof text, value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
  return std::string(text) + " " + *unit + "B";
}

}  // namespace sanctum
