#include "hub/repository_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_directory.h"

namespace sanctum::hub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RepositoryKind, IsToldByTheFiles) {
  EXPECT_EQ(kind_of({"config.json", "model.safetensors", "m.gguf"}), RepositoryKind::kModel);
  EXPECT_EQ(kind_of({"config.json", "a/m-Q8_0.gguf"}), RepositoryKind::kGguf);
  EXPECT_EQ(kind_of({"adapter_config.json", "adapters.safetensors"}), RepositoryKind::kAdapter);
  EXPECT_EQ(kind_of({"adapter_config.json", "config.json", "model.safetensors"}),
            RepositoryKind::kModel);
  EXPECT_EQ(kind_of({"README.md"}), RepositoryKind::kOther);
}

TEST(RepositoryKind, OfGgufFilesPartsAndPictureHalvesAreNoModels) {
  EXPECT_THAT(gguf_models({"m.gguf", "d/mmproj-m.gguf", "p-00001-of-00002.gguf",
                           "p-00002-of-00002.gguf", "x.json"}),
              ElementsAre("m.gguf", "p-00001-of-00002.gguf"));
}

TEST(RepositoryKind, AnAdapterSaysWhatItBelongsTo) {
  const TestDirectory root;
  EXPECT_THAT(adapter_advice(root.path("")), HasSubstr("an adapter (LoRA), no model"));
  root.write("adapter_config.json", R"({"base_model_name_or_path": "org/base"})");
  EXPECT_THAT(adapter_advice(root.path("")), HasSubstr("an adapter (LoRA) of org/base, no model"));
}

}  // namespace
}  // namespace sanctum::hub
