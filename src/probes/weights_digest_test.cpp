#include "probes/weights_digest.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/test_directory.h"

namespace sanctum::probes {
namespace {

class WeightsDigestTest : public testing::Test {
 protected:
  WeightsDigestTest() {
    model_.write("config.json", "{}");
    model_.write("model.safetensors", "weights");
    model_.write("README.md", "no weights");
  }
  std::string digest() {
    return WeightsDigest(memory_.path("weights.json")).of(model_.path(""), stop_).value();
  }
  const TestDirectory model_, memory_;
  std::atomic<bool> stop_{false};
};

TEST_F(WeightsDigestTest, OtherBytesAreOtherWeights) {
  const std::string before = digest();
  EXPECT_EQ(before.size(), 64u);
  model_.write("README.md", "changed");
  EXPECT_EQ(digest(), before);
  model_.write("model.safetensors", "Weights");
  const std::string changed = digest();
  EXPECT_NE(changed, before);
  model_.write("model-2.safetensors", "");
  EXPECT_NE(digest(), changed);
}

// They change what a model says as well as other weights do.
TEST_F(WeightsDigestTest, AnotherTokenizerOrTemplateIsAnotherModel) {
  std::string before = digest();
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}) {
    model_.write(name, "{}");
    EXPECT_NE(digest(), before) << name;
    before = digest();
  }
  model_.write("battery.json", "[]");
  EXPECT_EQ(digest(), before);
}

// Gigabytes are read once: what is known of an unchanged file is believed.
TEST_F(WeightsDigestTest, AFileIsReadAgainOnlyWhenItChanged) {
  const std::string before = digest();
  const std::string file = model_.path("model.safetensors");
  const auto changed = std::filesystem::last_write_time(file);
  model_.write("model.safetensors", "WEIGHTS");  // of the same size
  std::filesystem::last_write_time(file, changed);
  EXPECT_EQ(digest(), before);
  std::filesystem::remove(memory_.path("weights.json"));
  EXPECT_NE(digest(), before);
}

TEST_F(WeightsDigestTest, AMemoryThatMakesNoSenseCostsAnotherReading) {
  const std::string before = digest();
  memory_.write("weights.json", "[1,");
  EXPECT_EQ(digest(), before);
}

TEST_F(WeightsDigestTest, ADirectoryWithoutWeightsIsAnError) {
  const TestDirectory empty;
  EXPECT_THROW(WeightsDigest(memory_.path("w.json")).of(empty.path(""), stop_), Error);
}

TEST_F(WeightsDigestTest, CanBeStopped) {
  stop_ = true;
  EXPECT_FALSE(WeightsDigest(memory_.path("weights.json")).of(model_.path(""), stop_));
}

}  // namespace
}  // namespace sanctum::probes
