#include "models/registry.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"

namespace sanctum::models {
namespace {

namespace fs = std::filesystem;

class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_(fs::temp_directory_path() / ("sanctum-models-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~TemporaryDirectory() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

TEST(Registry, AnUnknownArchitectureIsRefusedNamingTheFieldAndWhatIsSupported) {
  TemporaryDirectory directory;
  write_file_atomically(directory.path() + "/config.json", R"({"model_type": "parrot"})");
  try {
    describe(directory.path());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    EXPECT_EQ(error.field(), "config.json.model_type");
    EXPECT_NE(std::string(error.what()).find("qwen3_vl"), std::string::npos);
  }
}

TEST(Registry, AContextOverTheLimitIsRefusedByName) {
  TemporaryDirectory directory;
  for (const char* context : {"0", "-1", "16777217", "4294967297"}) {
    write_file_atomically(
        directory.path() + "/config.json",
        R"({"model_type": "llama", "vocab_size": 5, "max_position_embeddings": )" +
            std::string(context) + "}");
    try {
      describe(directory.path());
      ADD_FAILURE() << "accepted " << context;
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), "config.json.max_position_embeddings");
    }
  }
}

TEST(Registry, TheVocabularyIsTheLanguageModels) {
  TemporaryDirectory directory;
  write_file_atomically(
      directory.path() + "/config.json",
      R"({"model_type": "qwen3_vl", "vocab_size": 9, "text_config": {"vocab_size": 7}})");
  EXPECT_EQ(describe(directory.path()).vocabulary, 7);
}

TEST(Registry, AMissingConfigurationIsNotFound) {
  TemporaryDirectory directory;
  try {
    describe(directory.path());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  }
}

TEST(Registry, TheBuiltInModelLoadsAndEveryWeightIsRead) {
  const char* source = std::getenv("SANCTUM_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "run through ctest";
  const Description description = describe(std::string(source) + "/models/smoke");
  EXPECT_EQ(description.architecture->model_type, "qwen3_vl");
  std::uint64_t last = 0;
  const auto model =
      load_model(description, mx::float32, [&](std::uint64_t done, std::uint64_t total) {
        EXPECT_GE(done, last);
        EXPECT_LE(done, total);
        last = done;
      });
  EXPECT_GT(last, 0u);
  EXPECT_EQ(model->traits().quantization, "8-bit group 64");
  EXPECT_TRUE(load_processor(description)->vision());
}

}  // namespace
}  // namespace sanctum::models
