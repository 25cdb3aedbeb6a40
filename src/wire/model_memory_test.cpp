#include "wire/model_memory.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::wire {
namespace {

ModelMemory memory_of(std::vector<LayerKind> kinds, std::int64_t context, std::int64_t grain) {
  ModelMemory out;
  out.context_tokens = context;
  out.grain_tokens = grain;
  out.kinds = std::move(kinds);
  return out;
}

TEST(ModelMemory, AContextIsWholeGrains) {
  const ModelMemory memory = memory_of({{"full attention", 3, 10, 0, 0}}, 1000, 64);
  EXPECT_EQ(memory.sequence_bytes(1), 64u * 10);
  EXPECT_EQ(memory.sequence_bytes(65), 128u * 10);
  EXPECT_EQ(memory.tokens_within(127 * 10), 64);
  EXPECT_EQ(memory.tokens_within(128 * 10), 128);
  EXPECT_EQ(memory.tokens_within(0), 0);
  EXPECT_EQ(memory.tokens_within(1024 * 10), 1000) << "the model's own";
}

TEST(ModelMemory, KindsThatRememberLessCountLess) {
  const ModelMemory memory = memory_of(
      {{"full attention", 1, 10, 0, 0}, {"window", 5, 50, 128, 0}, {"recurrent", 2, 0, 0, 7}}, 1024,
      64);
  EXPECT_EQ(memory.token_bytes(), 60u);
  EXPECT_EQ(memory.sequence_bytes(64), 64u * 60 + 7);
  EXPECT_EQ(memory.sequence_bytes(1024), 1024u * 10 + 128 * 50 + 7);
  EXPECT_EQ(memory.tokens_within(1024 * 10 + 128 * 50 + 6), 960);
}

TEST(ModelMemory, CrossesAsJson) {
  ModelMemory memory = memory_of({{"sliding window", 5, 50, 128, 7}}, 1024, 256);
  memory.model = "m";
  memory.quantization = "mxfp8";
  memory.kernels = "cpu";
  memory.kv_type = "int8";
  memory.weight_bytes = 3;
  memory.weights_memory = 4;
  const std::string text = encode(memory);
  const json::Document told(text);
  EXPECT_EQ(encode(decode_model_memory(told.root())), text);
  const json::Document none("{}");
  EXPECT_THROW(decode_model_memory(none.root()), Error);
}

}  // namespace
}  // namespace sanctum::wire
