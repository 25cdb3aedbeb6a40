// Ties kNumberFormat to the arithmetic: what these kernels make of fixed numbers, as a digest.
#include "kernels/number_format.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/sha256.h"
#include "kernels/attention.h"
#include "kernels/gated_delta.h"
#include "kernels/product.h"
#include "kernels/rows.h"
#include "kernels/test_matrices.h"

namespace sanctum::kernels {
namespace {

constexpr int kRows = 9, kColumns = 256, kOutputs = 65, kHeadSize = 64, kKeys = 1100, kGroup = 2;
constexpr float kEps = 1e-5f, kScale = 0.125f;

class Digest {
 public:
  void add(const std::vector<float>& numbers) {
    bytes_.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
  }
  std::string take() const { return to_hex(sha256(bytes_)); }

 private:
  std::string bytes_;
};

void products(Digest& digest, const std::vector<float>& x) {
  Runtime runtime(1, chosen_isa());
  for (const auto& [bits, row_bits] : {std::pair{4, 8}, {4, 16}, {8, 8}, {8, 16}}) {
    const TestMatrix stored = test_matrix(5, kOutputs, kColumns, bits, 64, kBfloat16);
    const PackedMatrix w(stored.source(), kOutputs, kColumns, bits, 64, kBfloat16);
    std::vector<float> out(static_cast<std::size_t>(kRows) * kOutputs);
    multiply_all(runtime, x.data(), kRows, w, row_bits, out.data());
    digest.add(out);
  }
  const std::vector<float> plain = test_rows(6, kOutputs, kColumns);
  std::vector<float> out(static_cast<std::size_t>(kRows) * kOutputs);
  multiply_all(runtime, x.data(), kRows, FloatMatrix{plain.data(), kFloat32, kOutputs, kColumns},
               out.data());
  digest.add(out);
}

void rows(Digest& digest, const std::vector<float>& x) {
  const Isa isa = chosen_isa();
  const std::vector<float> weight = test_rows(21, 1, kColumns), bias = test_rows(22, 1, kColumns);
  const std::vector<float> other = test_rows(23, kRows, kColumns);
  const RowRange all{0, kRows};
  std::vector<float> out(x.size());
  rms_norm(x.data(), weight.data(), kEps, kColumns, out.data(), all, isa);
  digest.add(out);
  layer_norm(x.data(), weight.data(), bias.data(), kEps, kColumns, out.data(), all, isa);
  digest.add(out);
  activate(Activation::kSilu, x.data(), other.data(), kColumns, out.data(), all, isa);
  digest.add(out);
  activate(Activation::kGeluTanh, x.data(), nullptr, kColumns, out.data(), all, isa);
  digest.add(out);
  const std::vector<float> angles = test_rows(24, kRows, kHeadSize);
  rope(x.data(), angles.data(), kColumns / kHeadSize, kHeadSize, kHeadSize, out.data(), all, isa);
  digest.add(out);
}

void attention(Digest& digest) {
  const std::vector<float> keys = test_rows(11, kKeys, kHeadSize);
  const std::vector<float> values = test_rows(12, kKeys, kHeadSize);
  const std::vector<float> q = test_rows(13, kRows * kGroup, kHeadSize);
  constexpr int kBlocks = (kKeys + kKeysPerBlock - 1) / kKeysPerBlock;
  for (const KvType type : {kKvBfloat16, kKvFloat16, kKvFloat32, kKvInt8}) {
    const std::size_t bytes = kv_head_bytes(type, kHeadSize);
    std::vector<std::uint8_t> data(2 * kBlocks * bytes);
    std::vector<void*> key_blocks, value_blocks;
    for (int i = 0; i < kBlocks; ++i) {
      key_blocks.push_back(data.data() + bytes * (2 * i));
      value_blocks.push_back(data.data() + bytes * (2 * i + 1));
    }
    for (int at = 0; at < kKeys; ++at) {
      const std::size_t row = static_cast<std::size_t>(at) * kHeadSize;
      write_key_value(keys.data() + row, values.data() + row, kHeadSize, at % kKeysPerBlock,
                      key_blocks[at / kKeysPerBlock], value_blocks[at / kKeysPerBlock], type);
    }
    std::vector<float> out(q.size());
    attend({q.data(), out.data(), static_cast<std::size_t>(kGroup) * kHeadSize, kRows, kGroup,
            kHeadSize, kScale, kKeys, true, type, key_blocks.data(), value_blocks.data()},
           chosen_isa());
    digest.add(out);
  }
}

void gated_delta_layer(Digest& digest) {
  constexpr DeltaShape kShape{1, 2, 64, 32, 4};
  const std::vector<float> qkv = test_rows(31, kRows, kShape.channels());
  const std::vector<float> a = test_rows(32, kRows, 2), b = test_rows(33, kRows, 2);
  const std::vector<float> conv = test_rows(34, kShape.taps, kShape.channels());
  const std::vector<float> a_log = test_rows(35, 1, 2), dt_bias = test_rows(36, 1, 2);
  std::vector<float> rows(kShape.conv_numbers()), state(kShape.state_numbers());
  std::vector<float> out(static_cast<std::size_t>(kRows) * kShape.value_dim());
  Runtime runtime(1, chosen_isa());
  gated_delta(runtime, kShape, {conv.data(), a_log.data(), dt_bias.data()},
              {qkv.data(), a.data(), b.data()}, {{0, kRows, rows.data(), state.data()}},
              out.data());
  digest.add(out);
  digest.add(state);
}

// What models said is compared with what they say after an upgrade, as long as the number is the
// same: an arithmetic that changed without it would have healthy engines replaced.
TEST(NumberFormat, IsRaisedWithTheArithmetic) {
  Digest digest;
  const std::vector<float> x = test_rows(3, kRows, kColumns);
  products(digest, x);
  rows(digest, x);
  attention(digest);
  const std::pair<int, std::string> now{kNumberFormat, digest.take()};
  EXPECT_EQ(
      now,
      std::pair(2, std::string("b1de8220d9460369b06aeb366547c201612ffc4ff96cafb2fca82c55731954c4")))
      << "the same numbers give other bits: raise kNumberFormat, and put both here";
}

// By itself: other layers' arithmetic is as old as its own.
TEST(NumberFormat, IsRaisedWithThatOfGatedDeltaLayers) {
  Digest digest;
  gated_delta_layer(digest);
  const std::pair<int, std::string> now{kNumberFormat, digest.take()};
  EXPECT_EQ(
      now,
      std::pair(2, std::string("0e6ff2d33541f2d91365c1b2f97c23131cf5e0180cf304d2cc782424102ff77a")))
      << "the same numbers give other bits: raise kNumberFormat, and put both here";
}

}  // namespace
}  // namespace sanctum::kernels
