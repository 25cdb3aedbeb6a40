#include "text/stop_strings.h"

#include <algorithm>
#include <utility>

namespace sanctum::text {
namespace {

// Bytes at the end of `text` that could begin a stop string.
std::size_t held_bytes(std::string_view text, const std::vector<std::string>& stops) {
  std::size_t held = 0;
  for (const std::string& stop : stops) {
    for (std::size_t n = std::min(stop.size() - 1, text.size()); n > held; --n) {
      if (text.ends_with(std::string_view(stop).substr(0, n))) held = n;
    }
  }
  return held;
}

}  // namespace

StopStrings::StopStrings(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
}

StopStrings::Result StopStrings::push(std::string_view text) {
  if (stopped_) return {{}, true, matched_};
  held_ += text;
  std::size_t end = std::string::npos;
  for (const std::string& stop : stops_) {
    const std::size_t at = held_.find(stop);
    if (at == std::string::npos) continue;
    const std::size_t its_end = at + stop.size();
    if (its_end < end || (its_end == end && stop.size() > matched_.size())) {
      end = its_end;
      matched_ = stop;
    }
  }
  if (end != std::string::npos) {
    stopped_ = true;
    return {std::exchange(held_, {}).substr(0, end - matched_.size()), true, matched_};
  }
  const std::size_t keep = held_bytes(held_, stops_);
  Result result;
  result.text = held_.substr(0, held_.size() - keep);
  held_.erase(0, held_.size() - keep);
  return result;
}

std::string StopStrings::finish() {
  return std::exchange(held_, {});
}

}  // namespace sanctum::text
