#include "catalog/lm_studio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LmStudio : public testing::Test {
 protected:
  std::vector<std::string> listed() const {
    std::vector<std::string> names;
    for (const auto& model : lm_studio_models(root_.path())) names.push_back(model.name);
    return names;
  }
  const TestDirectory root_;
};

TEST_F(LmStudio, AModelIsItsRepositoryOrOneOfItsFiles) {
  root_.write("pub/one/one-Q4.gguf", "GGUF");
  root_.write("pub/two/two-Q4.gguf", "GGUF");
  root_.write("pub/two/two-Q8.gguf", "GGUF8");
  root_.write("mlx/three/config.json", "{}");
  root_.write("mlx/three/model.safetensors", "123");
  root_.write("pub/nothing/readme.md", "");
  EXPECT_EQ(listed(), (std::vector<std::string>{"lmstudio:mlx/three", "lmstudio:pub/one",
                                                "lmstudio:pub/two/two-Q4.gguf",
                                                "lmstudio:pub/two/two-Q8.gguf"}));
  for (const auto& model : lm_studio_models(root_.path())) {
    EXPECT_EQ(model.problem, "");
    const auto found = lm_studio_model(model.name, root_.path());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->path, model.path);
  }
  EXPECT_EQ(lm_studio_model("lmstudio:pub/one", root_.path())->path,
            root_.path("pub/one/one-Q4.gguf"));
  EXPECT_EQ(lm_studio_model("lmstudio:mlx/three", root_.path())->bytes, 5u);
  EXPECT_FALSE(lm_studio_model("lmstudio:pub/absent", root_.path()));
  EXPECT_FALSE(lm_studio_model("lmstudio:pub/one/absent.gguf", root_.path()));
  try {
    lm_studio_model("lmstudio:pub/two", root_.path());
    FAIL() << "which of them?";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("lmstudio:pub/two/two-Q8.gguf"));
  }
}

TEST_F(LmStudio, APipeIsNoSecondFile) {
  root_.write("pub/one/one-Q4.gguf", "GGUF");
  ASSERT_EQ(::mkfifo(root_.path("pub/one/two.gguf").c_str(), 0600), 0);
  EXPECT_EQ(lm_studio_model("lmstudio:pub/one", root_.path())->path,
            root_.path("pub/one/one-Q4.gguf"));
}

TEST_F(LmStudio, PartsAndPictureHalvesAreCalledThat) {
  root_.write("pub/big/big-00001-of-00002.gguf", "GGUF");
  root_.write("pub/big/big-00002-of-00002.gguf", "GGUF");
  root_.write("pub/sees/sees-Q4.gguf", "GGUF");
  root_.write("pub/sees/mmproj-sees-f16.gguf", "GGUF");
  EXPECT_EQ(listed(), (std::vector<std::string>{"lmstudio:pub/big", "lmstudio:pub/sees"}));
  const auto big = *lm_studio_model("lmstudio:pub/big", root_.path());
  EXPECT_THAT(big.problem, HasSubstr("--merge"));
  EXPECT_EQ(big.path, "");
  EXPECT_THAT(lm_studio_model("lmstudio:pub/sees", root_.path())->left_out, HasSubstr("picture"));
}

TEST_F(LmStudio, NamesAndLinksThatLeadElsewhereAreRefused) {
  const TestDirectory elsewhere;
  elsewhere.write("x.gguf", "GGUF");
  elsewhere.write("mlx/config.json", "{}");
  fs::create_directories(root_.path("pub/linked"));
  fs::create_symlink(elsewhere.path("x.gguf"), root_.path("pub/linked/x.gguf"));
  fs::create_symlink(elsewhere.path("mlx"), root_.path("pub/mlx"));
  root_.write("pub/parts/config.json", "{}");
  root_.write("pub/parts/own", "");
  fs::create_symlink("own", root_.path("pub/parts/tokenizer.json"));
  EXPECT_EQ(lm_studio_model("lmstudio:pub/parts", root_.path())->problem, "");
  for (const std::string file : {"model.safetensors", ".hidden.safetensors"})
    for (const std::string target : {"x.gguf", "absent"}) {
      const std::string link = root_.path("pub/parts/" + file);
      fs::create_symlink(elsewhere.path(target), link);
      const auto model = *lm_studio_model("lmstudio:pub/parts", root_.path());
      EXPECT_THAT(model.problem, HasSubstr("its " + file + " is a link out"));
      EXPECT_EQ(model.path, "");
      fs::remove(link);
    }
  EXPECT_THAT(lm_studio_model("lmstudio:pub/linked", root_.path())->problem, HasSubstr("link out"));
  EXPECT_THAT(lm_studio_model("lmstudio:pub/mlx", root_.path())->problem, HasSubstr("link out"));
  for (const std::string& name :
       std::vector<std::string>{"..", "../x", "pub/..", "pub/../x", "/etc/x", "pub", "a/b/c/d",
                                "pub/.x", std::string("a/b\0c", 5)})
    EXPECT_THROW(lm_studio_model("lmstudio:" + name, root_.path()), Error) << name;
}

}  // namespace
}  // namespace sanctum::catalog
