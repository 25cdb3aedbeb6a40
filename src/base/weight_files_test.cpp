#include "base/weight_files.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum {
namespace {

class WeightFiles : public testing::Test {
 protected:
  std::set<std::string> found() const {
    std::set<std::string> names;
    for (const std::string& path : weight_files(root_.path()))
      names.insert(path.substr(root_.path().size() + 1));
    return names;
  }
  const TestDirectory root_;
};

using Names = std::set<std::string>;

TEST_F(WeightFiles, AModelsOwnComeBeforeOthersAndAnIndexBeforeAll) {
  EXPECT_THROW(found(), Error);
  root_.write("weights.safetensors", "");
  root_.write("adapters.safetensors", "");
  root_.write("notes.txt", "");
  EXPECT_EQ(found(), (Names{"adapters.safetensors", "weights.safetensors"}));
  root_.write("model.safetensors", "");
  EXPECT_EQ(found(), Names{"model.safetensors"});
  root_.write("model-00001-of-00001.safetensors", "");
  EXPECT_EQ(found(), (Names{"model-00001-of-00001.safetensors", "model.safetensors"}));
  root_.write("model.safetensors.index.json", R"({"weight_map":{"w":"a.safetensors"}})");
  EXPECT_THROW(found(), Error) << "not there";
  root_.write("a.safetensors", "");
  EXPECT_EQ(found(), Names{"a.safetensors"});
}

TEST_F(WeightFiles, AnIndexStaysInItsDirectory) {
  for (const char* const out : {"../a", "/a", "a\\u0000"}) {
    root_.write("model.safetensors.index.json",
                std::string(R"({"weight_map":{"w":")") + out + R"("}})");
    EXPECT_THROW(found(), Error) << out;
  }
}

}  // namespace
}  // namespace sanctum
