#include "engine/draw.h"

#include <cmath>
#include <limits>
#include <optional>

#include "engine/candidates.h"
#include "engine/draw_by_sums.h"

namespace sanctum::engine {
namespace {

constexpr float kEverything = -std::numeric_limits<float>::infinity();

// With no candidate left out but those that top_k or min_p leaves out.
int draw_from(std::vector<Candidate> candidates, const SamplerParams& s, double u) {
  const double total = total_of(candidates);  // what top_p takes its share of
  // top_p and min_p both keep the best few, so cutting by min_p first changes nothing but the time
  // that top_p takes.
  cut_by_min_p(candidates, s);
  if (s.top_p < 1) keep_share(candidates, s.top_p * total);
  return token_at(candidates, u);
}

}  // namespace

int draw_plainly(const LogitBlocks& row, const SamplerParams& s, double u) {
  std::vector<Candidate> all = candidates_from(row, s, kEverything);
  if (s.top_k > 0) keep_likeliest(all, s.top_k);
  return draw_from(std::move(all), s, u);
}

int draw(LogitBlocks& row, const SamplerParams& s, double u) {
  if (s.top_k > 0 && static_cast<std::size_t>(s.top_k) < row.size()) {
    // One more than are kept: only where there is one are they sorted.
    const float reached = row.reached_by(static_cast<std::size_t>(s.top_k) + 1);
    std::vector<Candidate> likeliest = candidates_from(row, s, cut_for(reached, s));
    keep_likeliest(likeliest, s.top_k);
    return draw_from(std::move(likeliest), s, u);
  }
  std::optional<int> token;
  if (s.top_p < 1) {
    token = draw_of_share(row, s, u);
  } else if (s.min_p > 0) {
    const float cut = cut_for(row.largest() + s.temperature * std::log(s.min_p), s);
    token = draw_from(candidates_from(row, s, cut), s, u);
  } else {
    token = draw_of_all(row, s, u);
  }
  return token ? *token : draw_plainly(row, s, u);
}

}  // namespace sanctum::engine
