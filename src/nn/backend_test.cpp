// Our kernels against MLX's operations, and against themselves in other company.
#include "nn/backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mlx/graph_utils.h>
#include <mlx/mlx.h>

#include <sstream>

#include "base/error.h"

namespace sanctum::nn {
namespace {

constexpr std::uint64_t kKvBytes = 16u << 20;

mx::array random(const mx::Shape& shape) {
  const mx::array x = mx::random::normal(shape);
  mx::eval(x);
  return x;
}

bool close(const mx::array& a, const mx::array& b, double absolute = 1e-4) {
  return a.shape() == b.shape() && mx::allclose(a, b, 1e-4, absolute).item<bool>();
}

bool same_bits(const mx::array& a, const mx::array& b) {
  return mx::array_equal(a, b).item<bool>();
}

mx::array part(const mx::array& x, int first, int last) {
  mx::Shape start(x.ndim(), 0), stop = x.shape();
  start[0] = first, stop[0] = last;
  return mx::slice(x, start, stop);
}

class BackendTest : public ::testing::Test {
 protected:
  void SetUp() override { mx::random::seed(7); }
  const BackendPointer stock_ = stock_backend(mx::float32);
  const BackendPointer ours_ = cpu_backend({.threads = 2, .row_bits = 16});
  const BackendPointer integers_ = cpu_backend({.threads = 2, .row_bits = 16, .kv_int8 = true});
};

TEST_F(BackendTest, QuantizedMatricesAgreeWithMlx) {
  for (const mx::Dtype type : {mx::float32, mx::bfloat16, mx::float16}) {
    for (const int bits : {4, 8}) {
      for (const int group : {32, 64, 128}) {
        const auto q = mx::quantize(mx::astype(random({77, 256}), type), group, bits);
        const auto wide = [](const mx::array& a) { return mx::astype(a, mx::float32); };
        const StoredMatrix stored{q[0], q[1], q[2], group, bits};
        const auto ours = ours_->matrix(stored);
        const auto theirs = stock_->matrix({q[0], wide(q[1]), wide(q[2]), group, bits});
        const mx::array x = random({9, 256});
        // Rows of 16 bits are off by at most half a step of their block's largest number / 32767.
        EXPECT_TRUE(close(ours->multiply(x), theirs->multiply(x), 2e-3)) << bits << " " << group;
        const mx::array ids({0, 76, 5, 5}, mx::int32);
        EXPECT_TRUE(close(ours->gather(ids), theirs->gather(ids), 1e-6)) << bits << " " << group;
      }
    }
  }
}

TEST_F(BackendTest, PlainMatricesAgreeWithMlx) {
  for (const mx::Dtype type : {mx::float32, mx::bfloat16, mx::float16}) {
    const mx::array w = mx::astype(random({37, 100}), type), x = random({5, 100});
    const auto ours = ours_->matrix({w, {}, {}, 0, 0});
    const auto theirs = stock_->matrix({mx::astype(w, mx::float32), {}, {}, 0, 0});
    EXPECT_TRUE(close(ours->multiply(x), theirs->multiply(x)));
    const mx::array ids({36, 0}, mx::int32);
    EXPECT_TRUE(same_bits(ours->gather(ids), theirs->gather(ids)));
  }
}

// `experts` matrices of [rows, columns], stacked.
StoredMatrix stack(int experts, int rows, int columns, int bits) {
  const mx::array w = random({experts * rows, columns});
  if (bits == 0) return {w, {}, {}, 0, 0};
  const auto q = mx::quantize(w, 32, bits);
  return {q[0], q[1], q[2], 32, bits};
}

TEST_F(BackendTest, ExpertsAgreeWithMlxAndKnowNoNeighbours) {
  constexpr int kExperts = 6, kWidth = 64, kInner = 32, kRows = 40;  // enough to be sorted
  for (const int bits : {0, 4, 8}) {
    for (const bool over_chosen : {true, false}) {
      const StoredExperts stored{stack(kExperts, kInner, kWidth, bits),
                                 stack(kExperts, kInner, kWidth, bits),
                                 stack(kExperts, kWidth, kInner, bits),
                                 kExperts,
                                 kernels::Activation::kSilu,
                                 {2, over_chosen}};
      const auto ours = ours_->experts(stored), theirs = stock_->experts(stored);
      const mx::array x = random({kRows, kWidth}), logits = random({kRows, kExperts});
      const mx::array y = (*ours)(x, logits);
      // Sums of 64 products of numbers around one, twice.
      EXPECT_TRUE(close(y, (*theirs)(x, logits), 0.1)) << bits;
      for (const int row : {0, 17, 39})
        EXPECT_TRUE(same_bits((*ours)(part(x, row, row + 1), part(logits, row, row + 1)),
                              part(y, row, row + 1)))
            << bits;
    }
  }
}

TEST_F(BackendTest, EqualExpertsAreTakenInTheirOrder) {
  const StoredExperts stored{stack(4, 32, 32, 0),        stack(4, 32, 32, 0),
                             stack(4, 32, 32, 0),        4,
                             kernels::Activation::kSilu, {2, true}};
  const auto ours = ours_->experts(stored);
  const mx::array x = random({1, 32});
  EXPECT_TRUE(same_bits((*ours)(x, mx::zeros({1, 4})),
                        (*ours)(x, mx::array({1.f, 1.f, 0.f, 0.f}, {1, 4}))));
}

TEST_F(BackendTest, ExpertsWhoseGateAndUpDifferAreComputed) {
  constexpr int kExperts = 4, kWidth = 64, kInner = 32, kRows = 40;
  for (const auto& [gate, up] : {std::pair{4, 8}, {0, 8}, {4, 0}}) {
    const StoredExperts stored{stack(kExperts, kInner, kWidth, gate),
                               stack(kExperts, kInner, kWidth, up),
                               stack(kExperts, kWidth, kInner, 4),
                               kExperts,
                               kernels::Activation::kSilu,
                               {2, true}};
    const auto ours = ours_->experts(stored), theirs = stock_->experts(stored);
    const mx::array x = random({kRows, kWidth}), logits = random({kRows, kExperts});
    const mx::array y = (*ours)(x, logits);
    EXPECT_TRUE(close(y, (*theirs)(x, logits), 0.1)) << gate << ", " << up;
    EXPECT_TRUE(same_bits((*ours)(part(x, 9, 10), part(logits, 9, 10)), part(y, 9, 10)))
        << gate << ", " << up;
  }
}

TEST_F(BackendTest, RowsAgreeWithMlx) {
  const mx::array x = random({6, 4, 96}), weight = random({96}), bias = random({96});
  EXPECT_TRUE(close(ours_->rms_norm(x, weight, 1e-5f), stock_->rms_norm(x, weight, 1e-5f)));
  EXPECT_TRUE(
      close(ours_->layer_norm(x, weight, bias, 1e-6f), stock_->layer_norm(x, weight, bias, 1e-6f)));
  EXPECT_TRUE(close(ours_->activate(kernels::Activation::kGeluTanh, x),
                    stock_->activate(kernels::Activation::kGeluTanh, x)));
  const mx::array other = random({6, 4, 96});
  EXPECT_TRUE(close(ours_->gate(kernels::Activation::kSilu, x, other),
                    stock_->gate(kernels::Activation::kSilu, x, other)));
  const mx::array large = mx::multiply(x, mx::array(8.0f)),
                  wide = mx::multiply(other, mx::array(8.0f));
  EXPECT_TRUE(close(ours_->gate(kernels::Activation::kClampedSwiglu, large, wide),
                    stock_->gate(kernels::Activation::kClampedSwiglu, large, wide)));
  const Angles table{random({6, 96}), {}};
  EXPECT_TRUE(close(ours_->rotate(x, table), stock_->rotate(x, table)));
}

int nodes_of(const mx::array& x) {
  std::ostringstream dot;
  mx::export_to_dot(dot, x);
  int nodes = 0;
  std::string line;
  for (std::istringstream in(dot.str()); std::getline(in, line);)
    nodes += line.find("shape=rectangle") != std::string::npos ? 1 : 0;
  return nodes;
}

// Only the graph is looked at: to run it on a CPU, MLX would call the machine's compiler.
TEST_F(BackendTest, WhatFusesIsFewNodesUnlessCompilingIsOff) {
  const BackendPointer fuses = stock_backend(mx::float32, true);
  const mx::array x = random({6, 96}), other = random({6, 96});
  // MLX makes two of what is as deep as the second.
  for (const auto& [act, nodes] :
       {std::pair{kernels::Activation::kSilu, 1}, {kernels::Activation::kGeluTanh, 2}}) {
    EXPECT_GT(nodes_of(stock_->gate(act, x, other)), nodes);
    EXPECT_EQ(nodes_of(fuses->gate(act, x, other)), nodes);
    EXPECT_EQ(nodes_of(fuses->activate(act, x)), nodes);
    mx::set_compile_mode(mx::CompileMode::disabled);
    EXPECT_EQ(nodes_of(fuses->gate(act, x, other)), nodes_of(stock_->gate(act, x, other)));
    mx::set_compile_mode(mx::CompileMode::enabled);
  }
}

// Through the graph: a step of one token and a gather run nowhere but on the stream's thread.
TEST_F(BackendTest, DenormalsAreZeroInOneRowAsInMany) {
  const int rows = 70, columns = 1024;
  const mx::array tiny = mx::multiply(random({rows, columns}), mx::array(2e-38f));
  const mx::array weight = mx::multiply(random({columns}), mx::array(2e-38f));
  mx::eval(tiny, weight);
  const mx::array all = ours_->rms_norm(tiny, weight, 1e-5f);
  const mx::array swiglu = ours_->gate(kernels::Activation::kSilu, tiny, tiny);
  const mx::array gelu = ours_->activate(kernels::Activation::kGeluTanh, tiny);
  const auto zeros = [](const mx::array& x) {
    return mx::sum(mx::equal(x, mx::array(0.0f))).item<int>();
  };
  EXPECT_GT(zeros(gelu), 0);
  for (const int row : {0, 33, rows - 1}) {
    const mx::array one = part(tiny, row, row + 1);
    EXPECT_TRUE(same_bits(ours_->rms_norm(one, weight, 1e-5f), part(all, row, row + 1)));
    EXPECT_TRUE(
        same_bits(ours_->gate(kernels::Activation::kSilu, one, one), part(swiglu, row, row + 1)));
    EXPECT_TRUE(
        same_bits(ours_->activate(kernels::Activation::kGeluTanh, one), part(gelu, row, row + 1)));
  }
}

// Inputs that are views of something larger, or transposed, are read as what they mean.
TEST_F(BackendTest, ViewsAreReadAsTheyStand) {
  const mx::array wide = random({8, 200}), weight = random({64});
  const mx::array view = mx::slice(wide, {1, 30}, {7, 94});
  EXPECT_TRUE(same_bits(ours_->rms_norm(view, weight, 1e-5f),
                        ours_->rms_norm(mx::contiguous(view), weight, 1e-5f)));
  EXPECT_TRUE(close(ours_->rms_norm(view, weight, 1e-5f), stock_->rms_norm(view, weight, 1e-5f)));
  for (const mx::array& other :
       {mx::transpose(random({64, 6})), mx::broadcast_to(random({64}), {6, 64}),
        mx::slice(wide, {7, 190}, {1, 62}, {-1, -2})}) {
    EXPECT_TRUE(same_bits(ours_->gate(kernels::Activation::kSilu, view, other),
                          ours_->gate(kernels::Activation::kSilu, view, mx::contiguous(other))));
  }
}

// One step of several sequences, or several steps of one.
class AttentionTest : public BackendTest {
 protected:
  // `counts` tokens of each sequence of a step, all in one.
  mx::array step(const Backend& backend, const std::vector<SequenceCache*>& caches,
                 const std::vector<int>& counts, int from, int to) const {
    std::vector<Slice> slices;
    int first = 0;
    for (std::size_t i = 0; i < caches.size(); ++i) {
      EXPECT_TRUE(caches[i]->reserve(caches[i]->length() + counts[i]));
      slices.push_back({first, counts[i], caches[i]});
      first += counts[i];
    }
    const mx::array out = backend.causal_attention(
        part(q_, from, to), KeyValueRows{part(k_, from, to), part(v_, from, to)}, form_, slices, 0);
    for (const Slice& slice : slices) slice.cache->advance(slice.count);
    mx::eval(out);
    return out;
  }
  void draw(int rows, int head_size, int window = 0) {
    q_ = random({rows, 6, head_size}), k_ = random({rows, 2, head_size});
    v_ = random({rows, 2, head_size});
    ours_memory_ = ours_->kv_memory(alike(1, {2, head_size, window}, kernels::kFloat32), kKvBytes,
                                    kStepTokensUsual);
    integer_memory_ = integers_->kv_memory(alike(1, {2, head_size, window}, kernels::kFloat32),
                                           kKvBytes, kStepTokensUsual);
    stock_memory_ = stock_->kv_memory(alike(1, {2, head_size, window}, kernels::kFloat32), kKvBytes,
                                      kStepTokensUsual);
  }
  mx::array q_{0}, k_{0}, v_{0};
  AttentionForm form_{0.3f};
  std::unique_ptr<KvMemory> ours_memory_, integer_memory_, stock_memory_;
};

TEST_F(AttentionTest, AgreesWithMlx) {
  for (const int head_size : {16, 64, 80, 128}) {
    draw(150, head_size);
    const auto ours = ours_memory_->sequence(), theirs = stock_memory_->sequence();
    const mx::array expected = step(*stock_, {theirs.get()}, {150}, 0, 150);
    EXPECT_TRUE(close(step(*ours_, {ours.get()}, {150}, 0, 150), expected));
    const auto integers = integer_memory_->sequence();
    const mx::array rounded = step(*integers_, {integers.get()}, {150}, 0, 150);
    EXPECT_LT(mx::sqrt(mx::mean(mx::square(rounded - expected))).item<float>(), 0.02f);
  }
}

TEST_F(AttentionTest, ChunksAndCompanyChangeNoBit) {
  draw(150, 64);
  for (KvMemory* memory : {ours_memory_.get(), integer_memory_.get()}) {
    const auto whole = memory->sequence();
    const mx::array expected = step(*ours_, {whole.get()}, {150}, 0, 150);
    const auto pieces = memory->sequence();
    for (const auto& [from, to] : {std::pair{0, 1}, {1, 64}, {64, 130}, {130, 131}, {131, 150}})
      EXPECT_TRUE(
          same_bits(step(*ours_, {pieces.get()}, {to - from}, from, to), part(expected, from, to)));
    // Rows 20 to 50 as a second sequence beside the first 20 of another.
    const auto first = memory->sequence(), second = memory->sequence(), alone = memory->sequence();
    const mx::array both = step(*ours_, {first.get(), second.get()}, {20, 30}, 0, 50);
    EXPECT_TRUE(same_bits(part(both, 0, 20), part(expected, 0, 20)));
    EXPECT_TRUE(same_bits(part(both, 20, 50), step(*ours_, {alone.get()}, {30}, 20, 50)));
  }
}

TEST_F(AttentionTest, WindowsAndSinksAgreeWithMlx) {
  for (const int window : {1, 63, 64, 100}) {
    draw(300, 64, window);
    form_ = {0.3f, window, random({6})};
    const auto theirs = stock_memory_->sequence(), ours = ours_memory_->sequence();
    const auto pieces = ours_memory_->sequence(), their_pieces = stock_memory_->sequence();
    const mx::array expected = step(*stock_, {theirs.get()}, {300}, 0, 300);
    const mx::array whole = step(*ours_, {ours.get()}, {300}, 0, 300);
    EXPECT_TRUE(close(whole, expected)) << window;
    for (const auto& [from, to] : {std::pair{0, 1}, {1, 64}, {64, 190}, {190, 191}, {191, 300}}) {
      EXPECT_TRUE(
          same_bits(step(*ours_, {pieces.get()}, {to - from}, from, to), part(whole, from, to)))
          << window << ", " << from;
      EXPECT_TRUE(close(step(*stock_, {their_pieces.get()}, {to - from}, from, to),
                        part(expected, from, to)))
          << window << ", " << from;
    }
  }
}

// One that remembers nothing itself.
TEST_F(AttentionTest, ALayerMaySeeWhatAnotherWrote) {
  draw(130, 64);
  for (const auto& [backend, memory] :
       {std::pair{ours_, ours_memory_.get()}, {stock_, stock_memory_.get()}}) {
    const auto cache = memory->sequence();
    for (const auto& [from, to] : {std::pair{0, 100}, {100, 130}}) {
      ASSERT_TRUE(cache->reserve(to));
      const std::vector<Slice> slices{{0, to - from, cache.get()}};
      const KeyValueRows rows{part(k_, from, to), part(v_, from, to)};
      const mx::array q = part(q_, from, to);
      const mx::array one = backend->causal_attention(q, rows, form_, slices, 0);
      mx::eval(one);
      const mx::array other = backend->causal_attention(q, std::nullopt, form_, slices, 0);
      EXPECT_TRUE(same_bits(one, other));
      cache->advance(to - from);
    }
  }
}

TEST_F(AttentionTest, APicturesRowsSeeAllRows) {
  draw(70, 72);
  const mx::array k = random({70, 6, 72}), v = random({70, 6, 72});
  const auto attended = [&](const Backend& backend, const mx::array& q) {
    return backend.full_attention(q, backend.picture_keys(k, v), 0.2f);
  };
  EXPECT_TRUE(close(attended(*ours_, q_), attended(*stock_, q_)));
  EXPECT_TRUE(same_bits(attended(*ours_, part(q_, 33, 70)), part(attended(*ours_, q_), 33, 70)));
}

TEST_F(AttentionTest, TooLittleMemoryIsRefusedWithWhatIsNeeded) {
  for (const BackendPointer& backend : {ours_, stock_}) {
    try {
      backend->kv_memory(alike(2, {2, 64}, kernels::kFloat32), 4096, kStepTokensUsual);
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), "kv_bytes");
      EXPECT_THAT(error.what(), ::testing::HasSubstr(std::to_string(256 * 2 * 2 * 2 * 64 * 4)));
    }
  }
}

TEST_F(AttentionTest, IntegersTakeLittleMoreThanHalfOfSixteenBits) {
  const std::uint64_t token = std::uint64_t{2} * 2 * 64 * 2;
  const KvShape shape = alike(1, {2, 64}, kernels::kBfloat16);
  EXPECT_EQ(ours_->kv_memory(shape, 640 * token, kStepTokensUsual)->tokens_max(), 640);
  EXPECT_EQ(integers_->kv_memory(shape, 640 * token, kStepTokensUsual)->tokens_max(),
            640 * 32 / 17 / 64 * 64);
}

// MLX's contiguous arrays grow in blocks of 256 tokens, and copies of shared blocks count too.
TEST_F(AttentionTest, ContiguousCachesKeepTheirBudget) {
  const std::uint64_t token = std::uint64_t{2} * 2 * 64 * 4;
  const auto memory =
      stock_->kv_memory(alike(1, {2, 64}, kernels::kFloat32), 560 * token, kStepTokensUsual);
  EXPECT_EQ(memory->tokens_max(), 512);
  draw(64, 64);
  auto one = memory->sequence();
  const auto other = memory->sequence();
  step(*stock_, {one.get()}, {64}, 0, 64);
  auto block = one->share(0, 1);
  ASSERT_NE(block, nullptr);
  EXPECT_FALSE(other->reserve(256)) << "the copy is there";
  block.reset();
  EXPECT_TRUE(other->reserve(256));
  EXPECT_FALSE(other->reserve(257));
  EXPECT_EQ(one->share(0, 1), nullptr) << "no room for a copy";
  one.reset();
  EXPECT_TRUE(other->reserve(512));
}

TEST_F(AttentionTest, ASequenceThatFindsNoRoomKeepsWhatItHas) {
  draw(1, 64);
  const std::uint64_t block = std::uint64_t{2} * 2 * 64 * 64 * 4;
  const auto memory =
      ours_->kv_memory(alike(1, {2, 64}, kernels::kFloat32), 4 * block, kStepTokensUsual);
  const auto one = memory->sequence();
  auto other = memory->sequence();
  EXPECT_TRUE(one->reserve(64));
  EXPECT_TRUE(other->reserve(129));
  EXPECT_FALSE(one->reserve(65));
  EXPECT_EQ(one->bytes(), block);
  other.reset();
  EXPECT_TRUE(one->reserve(4 * 64));
  EXPECT_FALSE(one->reserve(4 * 64 + 1));
}

}  // namespace
}  // namespace sanctum::nn
