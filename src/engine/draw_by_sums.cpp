#include "engine/draw_by_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/candidates.h"

namespace sanctum::engine {
namespace {

// By how much of a row's weight a token's distance from a place may differ between here and
// draw_plainly: each has at most 2n additions behind it, of which each rounds by 2^-53 of that
// weight. Twice that, and what the blocks' sums are wrong by.
double doubt_of(const LogitBlocks& row) {
  return static_cast<double>(row.size()) * 0x1p-50 + LogitBlocks::kWeightError;
}

// A token among others, and what those before it weigh.
struct Stretch {
  std::size_t index;
  double before, weight;

  bool surely_holds(double place, double doubt) const {
    return (index == 0 || place - before > doubt) && before + weight - place > doubt;
  }
};

// Where `place` falls among the candidates, best first, or the last of them. Leaves the likelier
// before it, in no order: halving takes a fraction of sorting.
Stretch stretch_at(std::vector<Candidate>& candidates, double place) {
  const auto at = [&](std::size_t i) {
    return candidates.begin() + static_cast<std::ptrdiff_t>(i);
  };
  std::size_t first = 0;
  double before = 0;
  for (std::size_t last = candidates.size(); last - first > 1;) {
    const std::size_t middle = first + (last - first) / 2;
    std::nth_element(at(first), at(middle), at(last), kLikelier);
    double weight = 0;
    for (std::size_t i = first; i < middle; ++i) weight += candidates[i].weight;
    if (place < before + weight) {
      last = middle;
    } else {
      before += weight;
      first = middle;
    }
  }
  return {first, before, candidates[first].weight};
}

// At least those that reach `share` of the row's `total`, and no fewer than min_p leaves if it
// leaves less. Of n tokens, those that weigh under (1 - top_p) / n of all weigh less than 1 - top_p
// together, so the others reach top_p; but mostly a few temperatures are deep enough.
std::vector<Candidate> enough_for(double share, double total, const LogitBlocks& row,
                                  const SamplerParams& s) {
  constexpr double kFirstDepth = 4, kDeeper = 1.25;
  const double n = static_cast<double>(row.size());
  const double deepest = -std::log(s.min_p > 0 ? s.min_p : (1 - s.top_p) * total / n);
  std::vector<Candidate> out;
  float below = std::numeric_limits<float>::infinity();
  for (double depth = kFirstDepth;; depth *= kDeeper) {
    const bool last = !(depth < deepest);
    const float cut = cut_for(row.largest() - s.temperature * (last ? deepest : depth), s);
    add_candidates(row, s, cut, below, out);
    below = cut;
    cut_by_min_p(out, s);
    if (last || total_of(out) > share) return out;
  }
}

}  // namespace

std::optional<int> draw_of_all(LogitBlocks& row, const SamplerParams& s, double u) {
  const std::vector<double>& weights = row.weights(s.temperature);
  const double total = row.total_weight(s.temperature), place = u * total;
  double before = 0;
  std::size_t block = 0;
  while (block < weights.size() && before + weights[block] <= place) before += weights[block++];
  if (block == weights.size()) return std::nullopt;
  const std::size_t first = block * LogitBlocks::kBlock, last = first + row.of(block).size();
  for (std::size_t id = first; id < last; ++id) {
    const auto token = static_cast<int>(id);
    const Stretch stretch{id, before, weight_of(row, s, token)};
    if (stretch.surely_holds(place, doubt_of(row) * total)) return token;
    before += stretch.weight;
  }
  return std::nullopt;
}

std::optional<int> draw_of_share(LogitBlocks& row, const SamplerParams& s, double u) {
  const double total = row.total_weight(s.temperature);
  const double share = s.top_p * total, doubt = doubt_of(row) * total;
  std::vector<Candidate> candidates = enough_for(share + doubt, total, row, s);
  double weight = total_of(candidates);
  if (std::abs(weight - share) <= doubt) return std::nullopt;
  if (weight > share) {  // less is what min_p leaves
    const Stretch last = stretch_at(candidates, share);
    if (!last.surely_holds(share, doubt)) return std::nullopt;
    candidates.resize(last.index + 1);
    weight = last.before + last.weight;
  }
  const Stretch drawn = stretch_at(candidates, u * weight);
  if (!drawn.surely_holds(u * weight, doubt)) return std::nullopt;
  return candidates[drawn.index].token;
}

}  // namespace sanctum::engine
