#include "gateway/model_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::gateway {
namespace {

TEST(ModelNames, LatestIsWhatHasNoTag) {
  EXPECT_EQ(meant_model("qwen:latest", {"qwen"}), "qwen");
  EXPECT_EQ(meant_model("qwen", {"other", "qwen:latest"}), "qwen:latest");
  EXPECT_EQ(meant_model("qwen", {"qwen:latest", "qwen"}), "qwen");
  EXPECT_EQ(meant_model("qwen:latest", {"qwen:latest", "qwen"}), "qwen:latest");
  EXPECT_EQ(meant_model("qwen:4b", {"qwen", "qwen:latest"}), "qwen:4b");
  EXPECT_EQ(meant_model(":latest", {"qwen"}), ":latest");
}

TEST(ModelNames, AProviderMayStandBefore) {
  EXPECT_EQ(meant_model("openai/qwen", {"qwen"}), "qwen");
  EXPECT_EQ(meant_model("litellm/openai/org/qwen:latest", {"org/qwen", "x"}), "org/qwen");
  EXPECT_EQ(meant_model("org/qwen", {"qwen", "org/qwen"}), "org/qwen");
  EXPECT_EQ(meant_model("openai/other", {"qwen"}), "openai/other");
  for (const char* path : {"../qwen", "./qwen", "/qwen", "a/../qwen", "a b/qwen", "qwen/"})
    EXPECT_EQ(meant_model(path, {"qwen"}), path);
}

TEST(ModelNames, NoNameMeansTheOnlyOne) {
  EXPECT_EQ(meant_model("", {"qwen"}), "qwen");
  try {
    meant_model("", {"a", "b"});
    FAIL() << "it took one of several";
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "model");
    EXPECT_THAT(error.what(), testing::HasSubstr("'model' is missing, and several are served; name "
                                                 "one of a, b"));
  }
  EXPECT_THROW(meant_model("", {}), Error);
}

}  // namespace
}  // namespace sanctum::gateway
