#include "convert/total_parameters.h"

#include <gtest/gtest.h>

namespace sanctum::convert {
namespace {

// tests/parity/test_convert.py holds it to mlx_lm's index.
TEST(TotalParameters, AreThoseOfTheInnermostModules) {
  EXPECT_EQ(total_parameters({{"layers.0.attn.q.weight", "BF16", {4, 8}},
                              {"layers.0.attn.q.bias", "BF16", {4}},
                              {"layers.0.attn.sinks", "BF16", {2}},
                              {"layers.0.attn2.norm", "BF16", {3}}},
                             {}),
            4u * 8 + 4 + 3);
}

TEST(TotalParameters, OfWhatIsQuantizedAreItsWeightsAndOutputBiases) {
  EXPECT_EQ(total_parameters({{"a.weight", "U32", {4, 2}},
                              {"a.scales", "BF16", {4, 1}},
                              {"a.biases", "BF16", {4, 1}},
                              {"a.bias", "BF16", {4}},
                              {"b.weight", "U32", {4, 3}}},
                             {{"a", 4}, {"b", 3}}),
            4u * 16 + 4 + 4 * 32);
}

}  // namespace
}  // namespace sanctum::convert
