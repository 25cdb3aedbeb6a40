#include "base/nearest.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace sanctum {
namespace {

constexpr std::size_t kLettersMax = 256;  // a longer word is nobody's slip
constexpr std::size_t kLettersPerSlip = 3;

char folded(char c) {
  return c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

std::string folded(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return folded(c); });
  return out;
}

}  // namespace

// Damerau's distance in its restricted form (optimal string alignment), three rows at a time.
std::size_t distance_between(std::string_view first, std::string_view second) {
  const std::string a = folded(first), b = folded(second);
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view word, std::span<const std::string> known) {
  std::string found;
  std::size_t least = kLettersMax;
  if (word.size() > kLettersMax) return found;
  for (const std::string& candidate : known) {
    if (candidate.size() > kLettersMax) continue;
    const std::size_t distance = distance_between(word, candidate);
    const std::size_t allowed = std::max<std::size_t>(1, candidate.size() / kLettersPerSlip);
    if (distance >= least || distance > allowed) continue;
    least = distance;
    found = candidate;
  }
  return found;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known,
                         const std::string& then) {
  const std::string found = nearest(word, known);
  if (found.empty()) return then.empty() ? "" : "; " + then;
  return "; did you mean '" + found + "'?" + (then.empty() ? "" : " " + then);
}

}  // namespace sanctum
