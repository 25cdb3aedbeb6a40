#include "models/decoder_config.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "models/qwen3_vl.h"

namespace sanctum::models {
namespace {

// A good configuration with `changes` ("\"a\": 1, ...") behind it.
std::string config(const std::string& heads, const std::string& more = {}) {
  return R"({"hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 96, "vocab_size": 50,
             "rms_norm_eps": 1e-6, "rope_theta": 10000, )" +
         heads + (more.empty() ? "" : ", " + more) + "}";
}

template <class Read>
std::string refused_field(const std::string& text, const Read& read) {
  const json::Document document(text, "config.json");
  try {
    read(document.root());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    return error.field();
  }
  return "accepted";
}

std::string refused_by_decoder(const std::string& text) {
  return refused_field(text, [](const json::Node& node) {
    read_decoder_config(node, {.part = Part::kLlama, .rope_theta = 1e4});
  });
}

TEST(DecoderConfig, HeadsThatDoNotFitAreRefusedByName) {
  EXPECT_EQ(refused_by_decoder(config(R"("num_attention_heads": 4, "num_key_value_heads": 2)")),
            "accepted");
  EXPECT_EQ(refused_by_decoder(config(R"("num_attention_heads": 4, "num_key_value_heads": 3)")),
            "config.json.num_key_value_heads");
  EXPECT_EQ(refused_by_decoder(config(R"("num_attention_heads": 4, "num_key_value_heads": 8)")),
            "config.json.num_key_value_heads");
  EXPECT_EQ(refused_by_decoder(config(R"("num_attention_heads": 4, "head_dim": 15)")),
            "config.json.head_dim");
  EXPECT_EQ(refused_by_decoder(config(R"("num_attention_heads": 128)")), "config.json.hidden_size");
  // 2^32 in all, which is no int.
  EXPECT_EQ(refused_by_decoder(config(R"("num_attention_heads": 65536, "head_dim": 65536)")),
            "config.json.num_attention_heads");
  EXPECT_EQ(refused_by_decoder(config(R"("num_attention_heads": 1024, "head_dim": 65536)")),
            "config.json.head_dim");
  // Larger heads than the attention kernels take, which would end the engine at the first request.
  EXPECT_EQ(refused_by_decoder(config(R"("num_attention_heads": 4, "head_dim": 512)")), "accepted");
  EXPECT_EQ(refused_by_decoder(config(R"("num_attention_heads": 4, "head_dim": 514)")),
            "config.json.head_dim");
}

TEST(DecoderConfig, PositionsThatCannotBeComputedAreRefusedByName) {
  const auto refused = [](const std::string& more) {
    return refused_by_decoder(R"({"hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 50,
        "intermediate_size": 96, "rms_norm_eps": 1e-6, "num_attention_heads": 4, )" +
                              more + "}");
  };
  EXPECT_EQ(refused(R"("rope_theta": 0)"), "config.json.rope_theta");
  EXPECT_EQ(refused(R"("rope_theta": -10000)"), "config.json.rope_theta");
  EXPECT_EQ(refused(R"("rope_parameters": {"rope_theta": 0})"),
            "config.json.rope_parameters.rope_theta");
  EXPECT_EQ(refused(R"("rope_scaling": {"type": "linear", "factor": 0})"),
            "config.json.rope_scaling.factor");
  EXPECT_EQ(refused(R"("rope_scaling": {"rope_type": "wavy", "factor": 4})"),
            "config.json.rope_scaling");
  EXPECT_EQ(refused(R"("rope_scaling": {}, "rope_parameters": {"rope_type": "wavy"})"),
            "config.json.rope_parameters");
  EXPECT_EQ(refused(R"("rope_scaling": {"rope_type": "llama3", "factor": 8,
                       "low_freq_factor": 0})"),
            "config.json.rope_scaling.low_freq_factor");
  EXPECT_EQ(refused(R"("rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4,
                       "high_freq_factor": 4})"),
            "config.json.rope_scaling.high_freq_factor");
  EXPECT_EQ(refused(R"("rope_scaling": {"rope_type": "llama3", "type": "linear", "factor": 8})"),
            "config.json.rope_scaling.type");
  EXPECT_EQ(refused(R"("rope_scaling": {"rope_type": "default", "type": "mrope"})"), "accepted");
}

std::string refused_by_vision_text(const std::string& text) {
  return refused_field(text, [](const json::Node& node) { read_qwen3_vl_text(node); });
}

TEST(Qwen3VlText, AVisionModelAlwaysHasAxes) {
  const std::string large = R"("num_attention_heads": 2, "head_dim": 128)";
  const json::Document document(config(large), "config.json");
  EXPECT_EQ(read_qwen3_vl_text(document.root()).rope_axes, nn::interleaved_axes({24, 20, 20}, 64));
  EXPECT_TRUE(
      read_decoder_config(document.root(), {.part = Part::kQwen3, .rope_theta = std::nullopt})
          .rope_axes.empty());

  const std::string small = R"("num_attention_heads": 4, "head_dim": 16)";
  EXPECT_EQ(refused_by_vision_text(config(small)), "config.json.rope_scaling.mrope_section");
  EXPECT_EQ(refused_by_vision_text(config(small, R"("rope_parameters": {"rope_theta": 5})")),
            "config.json.rope_parameters.mrope_section");
  EXPECT_EQ(
      refused_by_vision_text(config(small, R"("rope_scaling": {"mrope_section": [4, 4, 4]})")),
      "config.json.rope_scaling.mrope_section");
  EXPECT_EQ(
      refused_by_vision_text(config(small, R"("rope_scaling": {"mrope_section": [4, 2, 2]})")),
      "accepted");
}

}  // namespace
}  // namespace sanctum::models
