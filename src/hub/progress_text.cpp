#include "hub/progress_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/count_text.h"
#include "base/size_text.h"

namespace sanctum::hub {
namespace {

constexpr double kSecondsMax = 99 * 3600.0;

}  // namespace

void Rate::add(std::uint64_t bytes_done, Instant now) {
  while (samples_.size() > 1 && now - samples_[1].at >= kRateWindow) samples_.pop_front();
  samples_.push_back({bytes_done, now});
}

double Rate::bytes_per_second() const {
  if (samples_.size() < 2) return 0;
  const auto& first = samples_.front();
  const auto& last = samples_.back();
  const double seconds = std::chrono::duration<double>(last.at - first.at).count();
  if (seconds <= 0 || last.bytes <= first.bytes) return 0;
  return static_cast<double>(last.bytes - first.bytes) / seconds;
}

std::string time_left_text(double seconds) {
  if (!(seconds < kSecondsMax)) return "long";
  const int whole = static_cast<int>(std::lround(std::max(0.0, seconds)));
  char text[32];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%d:%02d", whole / 60, whole % 60);
  return text;
}

std::string progress_text(const ProgressView& view, double bytes_per_second) {
  const std::uint64_t done = std::min(view.bytes_done, view.bytes_total);
  const auto percent = view.bytes_total == 0 ? 100 : done * 100 / view.bytes_total;
  std::string text = size_text(done) + " of " + size_text(view.bytes_total) + " (" +
                     std::to_string(percent) + "%)";
  if (bytes_per_second >= 1) {
    text += ", " + size_text(static_cast<std::uint64_t>(bytes_per_second)) + "/s";
    if (done < view.bytes_total)
      text += ", " +
              time_left_text(static_cast<double>(view.bytes_total - done) / bytes_per_second) +
              " left";
  }
  return text + ", " + std::to_string(view.files_done) + " of " +
         count_text(view.files_total, "file");
}

}  // namespace sanctum::hub
