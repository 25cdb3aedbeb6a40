#include "kernels/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/half.h"
#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

// One sequence's keys and values of one head.
class Blocks {
 public:
  Blocks(int keys, int head_size, KvType type) : head_size_(head_size), type_(type) {
    const std::size_t block_bytes = kv_head_bytes(type, head_size);
    const int blocks = (keys + kKeysPerBlock - 1) / kKeysPerBlock;
    data_.resize(block_bytes * blocks * 2);
    for (int i = 0; i < blocks; ++i) {
      key_blocks_.push_back(data_.data() + block_bytes * (2 * i));
      value_blocks_.push_back(data_.data() + block_bytes * (2 * i + 1));
    }
    key = test_rows(11, keys, head_size);
    value = test_rows(12, keys, head_size);
    for (int at = 0; at < keys; ++at) {
      const auto row = [&](const std::vector<float>& all) {
        return std::span(all).subspan(static_cast<std::size_t>(at) * head_size, head_size);
      };
      write(at, row(key), row(value));
    }
    if (type == kKvInt8) {
      read_integers();
      return;
    }
    for (std::vector<float>* numbers : {&key, &value}) {
      for (float& x : *numbers) {
        std::uint8_t stored[4];
        from_float(x, stored, static_cast<NumberType>(type));
        x = to_float(stored, static_cast<NumberType>(type));
      }
    }
  }
  // The first `keys` of them, for the queries of `rows` tokens.
  std::vector<float> attend(const std::vector<float>& q, int rows, int group, int keys, bool causal,
                            Isa isa) const {
    std::vector<float> out(q.size(), -1);
    kernels::attend(arguments(q, out, rows, group, keys, causal), isa);
    return out;
  }
  // The same, by a pool's threads.
  std::vector<float> attend(const std::vector<float>& q, int rows, int group, int keys,
                            Runtime& runtime) const {
    std::vector<float> out(q.size(), -1);
    attend_all(runtime, {arguments(q, out, rows, group, keys, true)});
    return out;
  }
  // Windows and sinks of what is asked from now on.
  int window = 0;
  std::vector<float> sinks;
  // Nobody may read blocks that lie before `key`.
  void forget_before(int first_key) {
    for (int block = 0; block < first_key / kKeysPerBlock; ++block)
      key_blocks_[block] = value_blocks_[block] = nullptr;
  }
  void write(int at, std::span<const float> a_key, std::span<const float> a_value) {
    write_key_value(a_key.data(), a_value.data(), head_size_, at % kKeysPerBlock,
                    key_blocks_[at / kKeysPerBlock], value_blocks_[at / kKeysPerBlock], type_);
  }
  std::vector<float> key, value;  // as they are stored

 private:
  AttentionArguments arguments(const std::vector<float>& q, std::vector<float>& out, int rows,
                               int group, int keys, bool causal) const {
    AttentionArguments a{};
    a.q = q.data();
    a.out = out.data();
    a.row_stride = static_cast<std::size_t>(group) * head_size_;
    a.rows = rows, a.group = group, a.head_size = head_size_;
    a.scale = 0.125f;
    a.keys = keys, a.causal = causal;
    a.kv_type = type_;
    a.window = window;
    a.sinks = sinks.empty() ? nullptr : sinks.data();
    a.key_blocks = key_blocks_.data(), a.value_blocks = value_blocks_.data();
    return a;
  }
  void read_integers() {
    const std::size_t groups = head_size_ / kKvGroup, numbers = kKeysPerBlock * head_size_;
    for (std::size_t i = 0; i < key.size(); ++i) {
      const std::size_t token = i / head_size_, feature = i % head_size_;
      const std::size_t slot = token % kKeysPerBlock, group = feature / kKvGroup;
      const auto read = [&](const void* block, std::size_t at, std::size_t scale) {
        const auto* bytes = static_cast<const std::uint8_t*>(block);
        const float integer = static_cast<std::int8_t>(bytes[at]);
        return integer * to_float(bytes + numbers + 2 * scale, kBfloat16);
      };
      key[i] = read(key_blocks_[token / kKeysPerBlock], feature * kKeysPerBlock + slot,
                    group * kKeysPerBlock + slot);
      value[i] = read(value_blocks_[token / kKeysPerBlock], slot * head_size_ + feature,
                      slot * groups + group);
    }
  }
  int head_size_;
  KvType type_;
  std::vector<std::uint8_t> data_;
  std::vector<void*> key_blocks_, value_blocks_;
};

constexpr KvType kKvTypes[] = {kKvBfloat16, kKvFloat16, kKvFloat32, kKvInt8};

std::vector<double> expected(const float* q, const Blocks& blocks, int keys, int head_size,
                             int head = 0) {
  std::vector<double> weights(keys), out(head_size, 0.0);
  const bool sinks = !blocks.sinks.empty();
  const double sink = sinks ? static_cast<double>(blocks.sinks[head]) : -1e300;
  const int first = blocks.window > 0 ? std::max(0, keys - blocks.window) : 0;
  double largest = sink, sum = 0;
  for (int j = first; j < keys; ++j) {
    double dot = 0;
    for (int d = 0; d < head_size; ++d)
      dot += static_cast<double>(q[d]) * static_cast<double>(blocks.key[j * head_size + d]);
    weights[j] = dot * 0.125;
    largest = std::max(largest, weights[j]);
  }
  for (int j = first; j < keys; ++j) sum += weights[j] = std::exp(weights[j] - largest);
  if (sinks) sum += std::exp(sink - largest);
  for (int j = first; j < keys; ++j)
    for (int d = 0; d < head_size; ++d)
      out[d] += weights[j] / sum * static_cast<double>(blocks.value[j * head_size + d]);
  return out;
}

TEST(Attention, IsTheSoftmaxOverTheKeysThatARowSees) {
  for (const KvType type : kKvTypes) {
    for (const auto& [rows, keys, head_size, group] : {std::array{1, 1, 32, 1},
                                                       {5, 5, 64, 4},
                                                       {3, 64, 96, 2},
                                                       {9, 200, 128, 3},
                                                       {5, 1026, 32, 2},
                                                       {1, 130, 256, 1}}) {
      const Blocks blocks(keys, head_size, type);
      const std::vector<float> q = test_rows(13, rows * group, head_size);
      for (const bool causal : {true, false}) {
        const std::vector<float> out =
            blocks.attend(q, rows, group, keys, causal, available_isas().back());
        for (int row = 0; row < rows * group; ++row) {
          const int seen = causal ? keys - rows + row / group + 1 : keys;
          const auto right = expected(&q[row * head_size], blocks, seen, head_size);
          for (int d = 0; d < head_size; ++d)
            ASSERT_NEAR(out[row * head_size + d], right[d], 2e-5)
                << "type " << type << ", head " << head_size << ", row " << row;
        }
      }
    }
  }
}

TEST(Attention, EveryPathGivesThePortableOnesBits) {
  for (const KvType type : kKvTypes) {
    constexpr int kRows = 7, kKeys = 1100, kHead = 64, kGroup = 3;
    const Blocks blocks(kKeys, kHead, type);
    const std::vector<float> q = test_rows(14, kRows * kGroup, kHead);
    const auto portable = blocks.attend(q, kRows, kGroup, kKeys, true, Isa::kPortable);
    for (const Isa isa : available_isas()) {
      const auto out = blocks.attend(q, kRows, kGroup, kKeys, true, isa);
      EXPECT_TRUE(same_bits(out, portable)) << to_string(isa);
    }
  }
}

// Spans of keys that threads share fold into a row as they do where one thread has all of them.
TEST(Attention, ALongStreamsBitsDoNotDependOnWhoSharesIt) {
  constexpr int kHead = 32, kGroup = 2;
  for (const KvType type : {kKvBfloat16, kKvInt8}) {
    const Blocks blocks(2 * kSpanKeys + 70, kHead, type);
    for (const Isa isa : available_isas()) {
      Runtime alone(1, isa), shared(3, isa);
      for (const auto& [rows, keys] : {std::pair{1, kSpanKeys},
                                       {1, kSpanKeys + 1},
                                       {1, 2 * kSpanKeys + 70},
                                       {3, kSpanKeys + 1},
                                       {70, 2 * kSpanKeys + 6}}) {
        const std::vector<float> q = test_rows(18, rows * kGroup, kHead);
        const auto whole = blocks.attend(q, rows, kGroup, keys, true, isa);
        EXPECT_TRUE(same_bits(blocks.attend(q, rows, kGroup, keys, alone), whole)) << keys;
        EXPECT_TRUE(same_bits(blocks.attend(q, rows, kGroup, keys, shared), whole)) << keys;
        const std::span<const float> last(q.end() - kGroup * kHead, q.end());
        const std::vector<float> one(last.begin(), last.end());
        EXPECT_TRUE(same_bits(blocks.attend(one, 1, kGroup, keys, shared),
                              std::span(whole).last(kGroup * kHead)))
            << to_string(isa) << ", rows " << rows << ", keys " << keys;
      }
    }
  }
}

// Whatever the other rows see, and however many threads share the spans.
TEST(Attention, AWindowShowsTheLastKeysAndReadsNoBlockBeforeThem) {
  constexpr int kHead = 32, kGroup = 2, kWide = kGroup * kHead;
  for (const KvType type : {kKvFloat32, kKvBfloat16, kKvInt8}) {
    for (const int window : {1, 63, 64, 65, 200, 700}) {
      for (const auto& [rows, keys] : {std::pair{1, 40}, {5, 300}, {70, 1400}, {1, 1400}}) {
        Blocks blocks(keys, kHead, type);
        blocks.window = window;
        blocks.forget_before(keys - rows + 1 - window);
        const std::vector<float> q = test_rows(19, rows * kGroup, kHead);
        const auto portable = blocks.attend(q, rows, kGroup, keys, true, Isa::kPortable);
        for (int row = 0; row < rows * kGroup; ++row) {
          const auto right =
              expected(&q[row * kHead], blocks, keys - rows + row / kGroup + 1, kHead);
          for (int d = 0; d < kHead; ++d)
            ASSERT_NEAR(portable[row * kHead + d], right[d], 2e-5) << window << ", row " << row;
        }
        for (const Isa isa : available_isas()) {
          Runtime shared(3, isa);
          EXPECT_TRUE(same_bits(blocks.attend(q, rows, kGroup, keys, true, isa), portable));
          EXPECT_TRUE(same_bits(blocks.attend(q, rows, kGroup, keys, shared), portable)) << window;
          for (int token = 0; token < rows; token += 9) {
            const std::vector<float> one(q.begin() + token * kWide,
                                         q.begin() + (token + 1) * kWide);
            EXPECT_TRUE(same_bits(blocks.attend(one, 1, kGroup, keys - rows + token + 1, true, isa),
                                  std::span(portable).subspan(token * kWide, kWide)))
                << to_string(isa) << ", window " << window << ", token " << token;
          }
        }
      }
    }
  }
}

TEST(Attention, ASinkTakesItsShareOfEachHeadsWeights) {
  constexpr int kHead = 32, kGroup = 3;
  for (const int keys : {5, 600}) {
    Blocks blocks(keys, kHead, kKvFloat32);
    blocks.sinks = {-3, 0.5f, 9};
    const std::vector<float> q = test_rows(20, 2 * kGroup, kHead);
    const auto portable = blocks.attend(q, 2, kGroup, keys, true, Isa::kPortable);
    for (int row = 0; row < 2 * kGroup; ++row) {
      const auto right =
          expected(&q[row * kHead], blocks, keys - 1 + row / kGroup, kHead, row % kGroup);
      for (int d = 0; d < kHead; ++d) ASSERT_NEAR(portable[row * kHead + d], right[d], 2e-5) << row;
    }
    for (const Isa isa : available_isas()) {
      Runtime shared(3, isa);
      EXPECT_TRUE(same_bits(blocks.attend(q, 2, kGroup, keys, true, isa), portable));
      EXPECT_TRUE(same_bits(blocks.attend(q, 2, kGroup, keys, shared), portable));
    }
  }
}

class AttentionChunks : public ::testing::TestWithParam<KvType> {};
INSTANTIATE_TEST_SUITE_P(Types, AttentionChunks, ::testing::Values(kKvBfloat16, kKvInt8));

TEST_P(AttentionChunks, ATokensBitsDoNotDependOnThem) {
  constexpr int kKeys = 140, kHead = 32, kGroup = 2, kWide = kGroup * kHead;
  const KvType type = GetParam();
  const Blocks blocks(kKeys, kHead, type);
  const std::vector<float> q = test_rows(15, kKeys * kGroup, kHead);
  for (const Isa isa : available_isas()) {
    const auto whole = blocks.attend(q, kKeys, kGroup, kKeys, true, isa);
    for (int token = 0; token < kKeys; ++token) {
      const std::vector<float> one(q.begin() + token * kWide, q.begin() + (token + 1) * kWide);
      const auto alone = blocks.attend(one, 1, kGroup, token + 1, true, isa);
      ASSERT_TRUE(same_bits(alone, std::span(whole).subspan(token * kWide, kWide)))
          << to_string(isa) << ", token " << token;
    }
  }
}

TEST(Attention, IntegersAreOffByAtMostHalfOfTheirStep) {
  constexpr int kKeys = 70, kHead = 96;
  const Blocks blocks(kKeys, kHead, kKvInt8);
  const std::vector<float> key = test_rows(11, kKeys, kHead), value = test_rows(12, kKeys, kHead);
  for (const auto& [exact, kept] : {std::pair{&key, &blocks.key}, {&value, &blocks.value}}) {
    for (std::size_t first = 0; first < exact->size(); first += kKvGroup) {
      const auto group = std::span(*exact).subspan(first, kKvGroup);
      float top = 0;
      for (const float x : group) top = std::max(top, std::fabs(x));
      const float step = top / 127 * (1 + 1.0f / 256);  // the scale has eight bits
      for (int i = 0; i < kKvGroup; ++i)
        ASSERT_NEAR((*kept)[first + i], group[i], step * 0.501f) << first + i;
    }
  }
}

TEST(Attention, AKeyThatIsNoNumberMakesItsRowNaNAndNoOther) {
  for (const KvType type : kKvTypes) {
    constexpr int kHead = 64;
    Blocks blocks(5, kHead, type);
    for (const float none : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
      std::vector<float> bad(kHead, 1.0f), good(kHead, 1.0f);
      bad[40] = none;
      blocks.write(4, bad, good);
      const std::vector<float> q = test_rows(16, 5, kHead);
      for (const Isa isa : available_isas()) {
        const auto out = blocks.attend(q, 5, 1, 5, true, isa);
        for (int row = 0; row < 5; ++row)
          EXPECT_EQ(std::isfinite(out[row * kHead]), row < 4) << type << ", row " << row;
      }
    }
  }
}

// Also beside rows that do see it, in a tile with theirs, and in a chunk with its token.
TEST(Attention, AnInfiniteValueOfALaterTokenChangesNoBitOfAnEarlierRow) {
  constexpr int kKeys = 70, kHead = 64;
  for (const KvType type : kKvTypes) {
    for (const int group : {1, 3}) {
      const std::vector<float> q = test_rows(17, kKeys * group, kHead);
      for (const Isa isa : available_isas()) {
        Blocks blocks(kKeys, kHead, type);
        const auto whole = blocks.attend(q, kKeys, group, kKeys, true, isa);
        const int row = group * kHead;  // numbers of a token
        const float infinity = std::numeric_limits<float>::infinity();
        for (const auto& [bad, none] :
             {std::pair{69, infinity}, {64, std::nanf("")}, {62, -infinity}}) {
          std::vector<float> key(kHead, 0.5f), value(kHead, 0.25f);
          value[33] = none;
          blocks.write(bad, key, value);
          const auto out = blocks.attend(q, kKeys, group, kKeys, true, isa);
          const int before = bad * row;
          ASSERT_TRUE(same_bits(std::span(out).first(before), std::span(whole).first(before)))
              << to_string(isa) << ", type " << type << ", group " << group << ", bad " << bad;
          for (int token = bad; token < kKeys; ++token)
            ASSERT_FALSE(std::isfinite(out[token * row + 33])) << token << ", bad " << bad;
        }
      }
    }
  }
}

// exp's range reduction: scores far below the largest weigh nothing, and near ones are exact.
TEST(Attention, ScoresFarApartAreRight) {
  constexpr int kHead = 32;
  Blocks blocks(3, kHead, kKvFloat32);
  for (const float far : {1.0f, 30.0f, 86.0f, 88.0f, 1e4f}) {
    std::vector<float> q(kHead);
    double dots[3];
    for (int d = 0; d < kHead; ++d) q[d] = far * (blocks.key[d] - blocks.key[kHead + d]) / 32;
    for (int j = 0; j < 3; ++j) {
      dots[j] = 0;
      for (int d = 0; d < kHead; ++d)
        dots[j] += static_cast<double>(q[d]) * static_cast<double>(blocks.key[j * kHead + d]) / 8;
    }
    const auto right = expected(q.data(), blocks, 3, kHead);
    for (const Isa isa : available_isas()) {
      const auto out = blocks.attend(q, 1, 1, 3, true, isa);
      for (int d = 0; d < kHead; ++d)
        EXPECT_NEAR(out[d], right[d], 1e-5 + 1e-6 * std::fabs(dots[0] - dots[1]))
            << to_string(isa) << ", far " << far;
    }
  }
}

}  // namespace
}  // namespace sanctum::kernels
