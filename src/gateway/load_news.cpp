#include "gateway/load_news.h"

namespace sanctum::gateway {

std::optional<int> LoadNews::heard(const wire::LoadProgress& progress, Instant now) {
  if (progress.phase == "ready" || progress.phase == "failed") {
    told_.erase(progress.model);
    return std::nullopt;
  }
  const auto [last, first] = told_.emplace(progress.model, now);
  if (progress.phase == "config")
    last->second = now;  // the one before may have died with its engine
  if (first || now - last->second < kLoadToldEvery || progress.bytes_total == 0)
    return std::nullopt;
  last->second = now;
  return static_cast<int>(static_cast<double>(progress.bytes_done) * 100 /
                          static_cast<double>(progress.bytes_total));
}

}  // namespace sanctum::gateway
