#include "supervisor/model_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace sanctum::supervisor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ModelDirectory : public testing::Test {
 protected:
  ModelDirectory() {
    std::string pattern = (fs::temp_directory_path() / "sanctum-models-XXXXXX").string();
    root_ = fs::canonical(::mkdtemp(pattern.data()));
    places_ = {(root_ / "build/bin/sanctum").string(), (root_ / "hub").string()};
  }
  ~ModelDirectory() override { fs::remove_all(root_); }
  void add(const std::string& path, const std::string& text = "{}") {
    fs::create_directories((root_ / path).parent_path());
    write_file_atomically((root_ / path).string(), text);
  }
  std::string refusal(const std::string& name) {
    try {
      find_model(name, places_);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  fs::path root_;
  SearchPlaces places_;
};

TEST_F(ModelDirectory, BuiltInIsFoundInACheckoutAndInAnInstallation) {
  EXPECT_THROW(built_in_model(places_), Error);
  add("build/share/sanctum/models/smoke/config.json");
  EXPECT_EQ(built_in_model(places_).path, (root_ / "build/share/sanctum/models/smoke").string());
  add("models/smoke/config.json");
  EXPECT_EQ(built_in_model(places_).path, (root_ / "models/smoke").string());
  EXPECT_EQ(built_in_model(places_).model, "sanctum-smoke");
}

TEST_F(ModelDirectory, ADirectoryIsNamedByItsLastPart) {
  add("Llama-3.2-1B/config.json");
  const auto found = find_model((root_ / "Llama-3.2-1B").string() + "/", places_);
  EXPECT_EQ(found.model, "Llama-3.2-1B");
  EXPECT_EQ(found.path, (root_ / "Llama-3.2-1B").string());
  fs::create_directories(root_ / "empty");
  EXPECT_THAT(refusal((root_ / "empty").string()), HasSubstr("no config.json"));
}

TEST_F(ModelDirectory, ADownloadedModelIsFoundThroughItsReference) {
  add("hub/models--org--name/refs/main", "abc\n");
  EXPECT_THAT(refusal("org/name"), HasSubstr(places_.hub));
  add("hub/models--org--name/snapshots/abc/config.json");
  const auto found = find_model("org/name", places_);
  EXPECT_EQ(found.model, "org/name");
  EXPECT_EQ(found.path, (root_ / "hub/models--org--name/snapshots/abc").string());
}

TEST_F(ModelDirectory, RefusalsSayWhereItLooked) {
  EXPECT_THAT(refusal("org/absent"), HasSubstr(places_.hub));
  EXPECT_THAT(refusal("absent"), HasSubstr("no directory 'absent'"));
  EXPECT_THAT(refusal("../x/y"), HasSubstr("no directory"));
  EXPECT_THAT(refusal("a/.."), HasSubstr("no directory"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
}

}  // namespace
}  // namespace sanctum::supervisor
