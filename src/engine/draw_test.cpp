#include "engine/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <sstream>
#include <string>

namespace sanctum::engine {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Weighed {
  int token;
  double weight;
};

double sum(const std::vector<Weighed>& tokens) {
  double total = 0;
  for (const Weighed& t : tokens) total += t.weight;
  return total;
}

// What the header promises, word for word: sorted where it has to be, every sum from the first on.
struct Plainly {
  std::vector<Weighed> left;
  std::vector<double> shares;  // of the sorted, what the first, the first two, ... have of all

  Plainly(const std::vector<float>& logits, const SamplerParams& s) {
    float largest = -kInfinity;
    for (const float x : logits)
      if (std::isfinite(x)) largest = std::max(largest, x);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      if (!std::isfinite(logits[i])) continue;
      const double weight = std::exp((double{logits[i]} - double{largest}) / s.temperature);
      if (weight > 0) left.push_back({static_cast<int>(i), weight});
    }
    const auto sort = [&] {
      std::stable_sort(left.begin(), left.end(),
                       [](const Weighed& a, const Weighed& b) { return a.weight > b.weight; });
    };
    if (s.top_k > 0 && static_cast<std::size_t>(s.top_k) < left.size()) {
      sort();
      left.resize(static_cast<std::size_t>(s.top_k));
    }
    const double total = sum(left);
    if (s.top_p < 1) {
      sort();
      double weight = 0;
      std::size_t kept = 0;
      do {
        weight += left[kept++].weight;
        shares.push_back(weight / total);
      } while (kept < left.size() && weight < s.top_p * total);
      left.resize(kept);
    }
    if (s.min_p > 0) std::erase_if(left, [&](const Weighed& t) { return t.weight < s.min_p; });
  }

  int draw(double u) const {
    double rest = u * sum(left);
    for (const Weighed& t : left) {
      rest -= t.weight;
      if (rest < 0) return t.token;
    }
    return left.back().token;
  }

  // Where one token ends and the next begins, and the nearest numbers on both sides.
  std::vector<double> borders(std::mt19937& rng) const {
    std::vector<double> out;
    const double total = sum(left);
    const auto chosen = rng() % left.size();
    double weight = 0;
    for (std::size_t i = 0; i <= chosen; ++i) weight += left[i].weight;
    for (const double at : {weight / total, std::nextafter(weight / total, 0.0),
                            std::nextafter(weight / total, 1.0)}) {
      if (at < 1) out.push_back(at);
    }
    return out;
  }
};

double uniform(std::mt19937& rng) {
  return static_cast<double>(rng()) / 4294967296.0;
}

// Near enough to a normal distribution, and the same with every library.
float normal(std::mt19937& rng) {
  double out = 0;
  for (int i = 0; i < 12; ++i) out += uniform(rng);
  return static_cast<float>(out - 6);
}

using Make = std::function<float(std::mt19937& rng, std::size_t id)>;
const std::vector<std::pair<const char*, Make>>& kinds() {
  static const std::vector<std::pair<const char*, Make>> all{
      {"flat", [](auto& rng, auto) { return 0.1f * normal(rng); }},
      {"equal", [](auto&, auto) { return 1.5f; }},
      {"peaked",
       [](auto& rng, auto) { return rng() % 50 == 0 ? 20 + 2 * normal(rng) : 2 * normal(rng); }},
      {"one likely", [](auto& rng, auto id) { return id == 3 ? 30.0f : normal(rng); }},
      {"ties", [](auto& rng, auto) { return std::round(4 * normal(rng)) / 2; }},
      // Other logits, but the same weights.
      {"too near to tell",
       [](auto& rng, auto id) { return id == 5 ? 1.0f : static_cast<float>(rng() % 99) * 1e-20f; }},
      {"huge", [](auto& rng, auto) { return 1e30f * normal(rng); }},
      {"denormal", [](auto& rng, auto) { return 1e-40f * normal(rng); }},
      {"broken",
       [](auto& rng, auto) {
         const float strange[] = {kNan, kInfinity, -kInfinity, -kNan};
         return rng() % 3 == 0 ? strange[rng() % 4] : 3 * normal(rng);
       }},
      {"mostly masked", [](auto& rng, auto) { return rng() % 40 == 0 ? normal(rng) : -kInfinity; }},
      // Some of which the lowest temperatures leave no weight.
      {"far apart", [](auto& rng, auto) { return 300 * normal(rng); }}};
  return all;
}

SamplerParams any_sampling(std::mt19937& rng, const std::vector<float>& logits) {
  const auto one_of = [&](const auto& from) { return from[rng() % std::size(from)]; };
  const auto finite = static_cast<int>(
      std::count_if(logits.begin(), logits.end(), [](float x) { return std::isfinite(x); }));
  const int size = static_cast<int>(logits.size());
  SamplerParams s;
  s.temperature = one_of((double[]){1e-300, 1e-3, 0.1, 0.6, 0.7, 1, 1, 2});
  s.top_k = one_of((int[]){0, 0, 0, 1, 2, 20, 20, 300, finite, finite - 1, size, size + 5});
  s.top_k = std::max(s.top_k, 0);
  s.top_p = one_of((double[]){0, 0.1, 0.5, 0.8, 0.95, 0.999999, 1, 1, 1});
  s.min_p = one_of((double[]){0, 0, 0, 1e-300, 1e-9, 0.05, 0.5, 1});
  return s;
}

std::string told(const char* kind, std::size_t size, const SamplerParams& s, double u) {
  std::ostringstream out;
  out.precision(17);
  out << kind << " of " << size << ", temperature " << s.temperature << ", top_k " << s.top_k
      << ", top_p " << s.top_p << ", min_p " << s.min_p << ", u " << u;
  return out.str();
}

void expect_plain_draws(const char* kind, std::vector<float> logits, const SamplerParams& s,
                        std::mt19937& rng) {
  const Plainly plainly(logits, s);
  std::vector<double> places = plainly.borders(rng);
  for (const double u : {0.0, 0.5, 1 - 0x1p-53, uniform(rng), uniform(rng), uniform(rng)})
    places.push_back(u);
  const std::size_t size = logits.size();
  LogitBlocks row(logits);
  for (const double u : places) {
    ASSERT_EQ(draw(row, s, u), plainly.draw(u)) << told(kind, size, s, u);
    ASSERT_EQ(draw_plainly(row, s, u), plainly.draw(u)) << told(kind, size, s, u);
  }
}

TEST(Draw, IsThePlainOneForEveryRowCutAndPlace) {
  std::mt19937 rng(17);
  for (int round = 0; round < 600; ++round) {
    const std::size_t sizes[] = {1, 2, 3, 15, 16, 17, 255, 256, 257, 800, 3000};
    const std::size_t size = sizes[rng() % std::size(sizes)];
    for (const auto& [kind, make] : kinds()) {
      std::vector<float> logits(size);
      for (std::size_t id = 0; id < size; ++id) logits[id] = make(rng, id);
      logits[rng() % size] = 0.25f;  // a finite one
      SamplerParams s = any_sampling(rng, logits);
      expect_plain_draws(kind, logits, s, rng);
      // A share that ends where a token does.
      if (s.top_p == 1) continue;
      const std::vector<double> shares = Plainly(logits, s).shares;
      s.top_p = std::min(shares[rng() % shares.size()], 1.0);
      expect_plain_draws(kind, logits, s, rng);
    }
  }
}

TEST(Draw, IsThePlainOneOverAWholeVocabulary) {
  std::mt19937 rng(18);
  for (const auto& [kind, make] : kinds()) {
    if (kind != std::string("peaked") && kind != std::string("broken")) continue;
    std::vector<float> logits(151'936);
    for (std::size_t id = 0; id < logits.size(); ++id) logits[id] = make(rng, id);
    for (const auto& [top_k, top_p] :
         {std::pair{0, 1.0}, {20, 0.8}, {20, 0.95}, {0, 0.9}, {1000, 1.0}}) {
      SamplerParams s;
      s.temperature = 0.7;
      s.top_k = top_k;
      s.top_p = top_p;
      expect_plain_draws(kind, logits, s, rng);
    }
  }
}

}  // namespace
}  // namespace sanctum::engine
