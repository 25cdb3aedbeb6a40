#include "kernels/gated_delta.h"

#include <gtest/gtest.h>

#include <limits>

#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

// A layer with weights, in numbers as models have them.
struct Layer {
  explicit Layer(const DeltaShape& of)
      : shape(of),
        conv(test_rows(41, of.taps, of.channels())),
        a_log(test_rows(42, 1, of.value_heads)),
        dt_bias(test_rows(43, 1, of.value_heads)) {
    for (float& x : conv) x *= 0.3f;
  }
  DeltaWeights weights() const { return {conv.data(), a_log.data(), dt_bias.data()}; }

  DeltaShape shape;
  std::vector<float> conv, a_log, dt_bias;
};

constexpr DeltaShape kShapes[] = {
    {2, 4, 32, 32, 4}, {1, 3, 19, 64, 2}, {2, 2, 64, 96, kDeltaTapsMax}, {3, 3, 1, 32, 1}};

// One sequence: its rows, and what it has of states.
struct Sequence {
  Sequence(const DeltaShape& shape, unsigned seed, int length)
      : rows(length),
        qkv(test_rows(seed, length, shape.channels())),
        a(test_rows(seed + 1, length, shape.value_heads)),
        b(test_rows(seed + 2, length, shape.value_heads)),
        conv(shape.conv_numbers()),
        state(shape.state_numbers()) {}
  int rows, done = 0;
  std::vector<float> qkv, a, b, conv, state, out;
};

// The next `counts` rows of the sequences, packed.
void step(Runtime& runtime, const Layer& layer, const std::vector<Sequence*>& sequences,
          const std::vector<int>& counts) {
  const int channels = layer.shape.channels(), heads = layer.shape.value_heads;
  std::vector<float> qkv, a, b;
  std::vector<DeltaSlice> slices;
  const auto take = [](std::vector<float>& to, const std::vector<float>& from, int first, int count,
                       int width) {
    to.insert(to.end(), from.begin() + first * width, from.begin() + (first + count) * width);
  };
  int rows = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    Sequence& one = *sequences[i];
    take(qkv, one.qkv, one.done, counts[i], channels);
    take(a, one.a, one.done, counts[i], heads);
    take(b, one.b, one.done, counts[i], heads);
    slices.push_back({rows, counts[i], one.conv.data(), one.state.data()});
    one.done += counts[i], rows += counts[i];
  }
  const int width = layer.shape.value_dim();
  std::vector<float> out(static_cast<std::size_t>(rows) * width, -1);
  gated_delta(runtime, layer.shape, layer.weights(), {qkv.data(), a.data(), b.data()}, slices,
              out.data());
  for (std::size_t i = 0; i < sequences.size(); ++i)
    take(sequences[i]->out, out, slices[i].first, counts[i], width);
}

Sequence whole(Runtime& runtime, const Layer& layer, unsigned seed, int length) {
  Sequence out(layer.shape, seed, length);
  step(runtime, layer, {&out}, {length});
  return out;
}

bool same(const Sequence& a, const Sequence& b) {
  return same_bits(a.out, b.out) && same_bits(a.conv, b.conv) && same_bits(a.state, b.state);
}

// As the formulas stand, in double precision.
struct Meant {
  std::vector<double> out, state;  // state [value_heads, value_size, key_size]
};

Meant meant(const Layer& layer, const Sequence& x) {
  const DeltaShape& s = layer.shape;
  const auto wide = [](float v) { return static_cast<double>(v); };
  Meant all;
  all.state.resize(s.state_numbers());
  for (int row = 0; row < x.rows; ++row) {
    std::vector<double> channel(s.channels());
    for (int c = 0; c < s.channels(); ++c) {
      double sum = 0;
      for (int j = 0; j < s.taps; ++j) {
        const int from = row + j - (s.taps - 1);
        if (from >= 0)
          sum += wide(x.qkv[from * s.channels() + c]) * wide(layer.conv[j * s.channels() + c]);
      }
      channel[c] = sum / (1 + std::exp(-sum));
    }
    for (int head = 0; head < 2 * s.key_heads; ++head) {
      double squares = 0;
      double* of = &channel[head * s.key_size];
      for (int d = 0; d < s.key_size; ++d) squares += of[d] * of[d];
      const double shrink = head < s.key_heads ? std::sqrt(s.key_size) : 1;
      for (int d = 0; d < s.key_size; ++d) of[d] /= std::sqrt(squares + 1e-6) * shrink;
    }
    for (int head = 0; head < s.value_heads; ++head) {
      const int key_head = head / (s.value_heads / s.key_heads), gate = row * s.value_heads + head;
      const double* q = &channel[key_head * s.key_size];
      const double* k = q + s.key_dim();
      const double* v = &channel[2 * s.key_dim() + head * s.value_size];
      const double softplus = std::log1p(std::exp(wide(x.a[gate]) + wide(layer.dt_bias[head])));
      const double decay = std::exp(-std::exp(wide(layer.a_log[head])) * softplus);
      const double beta = 1 / (1 + std::exp(-wide(x.b[gate])));
      for (int i = 0; i < s.value_size; ++i) {
        double* state = &all.state[(head * s.value_size + i) * s.key_size];
        double known = 0, out = 0;
        for (int d = 0; d < s.key_size; ++d) known += (state[d] *= decay) * k[d];
        for (int d = 0; d < s.key_size; ++d) {
          state[d] += k[d] * (v[i] - known) * beta;
          out += state[d] * q[d];
        }
        all.out.push_back(out);
      }
    }
  }
  return all;
}

TEST(GatedDelta, IsWhatTheFormulasSay) {
  for (const DeltaShape& shape : kShapes) {
    const Layer layer(shape);
    Runtime runtime(2, available_isas().back());
    const Sequence ours = whole(runtime, layer, 50, 40);
    const Meant right = meant(layer, ours);
    for (std::size_t i = 0; i < right.out.size(); ++i)
      ASSERT_NEAR(ours.out[i], right.out[i], 1e-5) << shape.key_size << ", " << i;
    for (int value = 0; value < shape.value_dim(); ++value) {
      for (int d = 0; d < shape.key_size; ++d) {
        const int block = value / kDeltaRows;
        const int at = (block * shape.key_size + d) * kDeltaRows + value % kDeltaRows;
        ASSERT_NEAR(ours.state[at], right.state[value * shape.key_size + d], 1e-5) << value;
      }
    }
    const int kept = (shape.taps - 1) * shape.channels();
    EXPECT_TRUE(same_bits(ours.conv, std::span(ours.qkv).last(kept)));
  }
}

TEST(GatedDelta, EveryPathGivesThePortableOnesBits) {
  for (const DeltaShape& shape : kShapes) {
    const Layer layer(shape);
    Runtime runtime(1, Isa::kPortable);
    const Sequence portable = whole(runtime, layer, 60, 30);
    for (const Isa isa : available_isas()) {
      Runtime other(1, isa);
      EXPECT_TRUE(same(whole(other, layer, 60, 30), portable)) << to_string(isa);
    }
  }
}

// Three sequences of which each step takes what it takes, beside none, one or two others.
TEST(GatedDelta, ARowsBitsDependOnNoChunksNeighboursOrThreads) {
  constexpr int kLengths[] = {300, 41, 135};  // more than are prepared at once, and fewer
  for (const DeltaShape& shape : kShapes) {
    const Layer layer(shape);
    for (const Isa isa : available_isas()) {
      if (isa == Isa::kPortableTiles) continue;  // this kernel is the portable one's there
      Runtime alone(1, isa);
      std::vector<Sequence> right;
      right.reserve(3);
      for (int i = 0; i < 3; ++i) right.push_back(whole(alone, layer, 70 + 10 * i, kLengths[i]));
      for (const int threads : {1, 3}) {
        Runtime runtime(threads, isa);
        std::mt19937 rng(static_cast<unsigned>(threads));
        std::vector<Sequence> all;
        all.reserve(3);
        for (int i = 0; i < 3; ++i) all.emplace_back(shape, 70 + 10 * i, kLengths[i]);
        while (true) {
          std::vector<Sequence*> taken;
          std::vector<int> counts;
          for (Sequence& one : all) {
            const int left = one.rows - one.done, most = rng() % 3 == 0 ? 200 : 3;
            if (left == 0 || rng() % 4 == 0) continue;
            taken.push_back(&one);
            counts.push_back(std::min(left, static_cast<int>(rng() % most)));
          }
          step(runtime, layer, taken, counts);
          if (std::all_of(all.begin(), all.end(), [](auto& x) { return x.done == x.rows; })) break;
        }
        for (int i = 0; i < 3; ++i)
          EXPECT_TRUE(same(all[i], right[i]))
              << to_string(isa) << ", threads " << threads << ", sequence " << i;
      }
    }
  }
}

TEST(GatedDelta, AStateThatIsNoNumberSpoilsNoNeighbours) {
  const Layer layer(kShapes[0]);
  for (const Isa isa : available_isas()) {
    Runtime runtime(3, isa);
    Sequence before(layer.shape, 80, 9), bad(layer.shape, 81, 9), after(layer.shape, 82, 9);
    bad.state.assign(bad.state.size(), std::nanf(""));
    bad.conv.assign(bad.conv.size(), std::numeric_limits<float>::infinity());
    step(runtime, layer, {&before, &bad, &after}, {9, 9, 9});
    EXPECT_TRUE(same(before, whole(runtime, layer, 80, 9))) << to_string(isa);
    EXPECT_TRUE(same(after, whole(runtime, layer, 82, 9))) << to_string(isa);
    for (const float x : bad.out) ASSERT_TRUE(std::isnan(x));
  }
}

// In one sequence: what a row is not must not reach those before it, nor other heads' values.
TEST(GatedDelta, ARowThatIsNoNumberSpoilsNoRowBeforeIt) {
  const Layer layer(kShapes[0]);
  constexpr int kRows = 20, kBad = 13;
  Runtime runtime(2, available_isas().back());
  const Sequence right = whole(runtime, layer, 90, kRows);
  Sequence bad(layer.shape, 90, kRows);
  const int width = layer.shape.value_dim(), channels = layer.shape.channels();
  bad.qkv[(kBad + 1) * channels - 1] = std::nanf("");  // the last head's last value
  step(runtime, layer, {&bad}, {kRows});
  EXPECT_TRUE(
      same_bits(std::span(bad.out).first(kBad * width), std::span(right.out).first(kBad * width)));
  for (int row = kBad; row < kRows; ++row) {
    const auto values = [&](const Sequence& of) {
      return std::span(of.out).subspan(row * width, width - 1);
    };
    EXPECT_TRUE(same_bits(values(bad), values(right))) << row;
    EXPECT_TRUE(std::isnan(bad.out[(row + 1) * width - 1])) << row;
  }
}

// exp of what is far from nought: all of a state is kept, or none.
TEST(GatedDelta, GatesHoldAtTheEnds) {
  DeltaShape shape{1, 1, 32, 32, 1};
  Layer layer(shape);
  layer.a_log = {0}, layer.dt_bias = {0};
  for (const auto& [a, b, kept] : {std::tuple{-200.0f, -200.0f, 3.0f}, {200, -200, 0}}) {
    Runtime runtime(1, available_isas().back());
    Sequence one(shape, 100, 1);
    one.a = {a}, one.b = {b};
    one.state.assign(one.state.size(), 3.0f);
    step(runtime, layer, {&one}, {1});
    for (const float x : one.state) ASSERT_EQ(x, kept) << a;
  }
}

TEST(GatedDelta, ASequencesBytesAreThoseOfItsTwoStates) {
  // Qwen3-Next and Qwen3.5-35B-A3B: 2 MiB and 96 KiB a layer.
  EXPECT_EQ(delta_bytes({16, 32, 128, 128, 4}), (2u << 20) + (96u << 10));
}

}  // namespace
}  // namespace sanctum::kernels
