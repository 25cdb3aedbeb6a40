#include "supervisor/model_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/test_directory.h"

namespace sanctum::supervisor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ModelDirectory : public testing::Test {
 protected:
  void add(const std::string& path, const std::string& text = "{}") { root_.write(path, text); }
  std::string refusal(const std::string& name) {
    try {
      find_model(name, places_);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  const TestDirectory root_;
  const SearchPlaces places_{root_.path("build/bin/sanctum"), root_.path("hub")};
};

TEST_F(ModelDirectory, BuiltInIsFoundInACheckoutAndInAnInstallation) {
  EXPECT_THROW(built_in_model(places_), Error);
  add("build/share/sanctum/models/smoke/config.json");
  EXPECT_EQ(built_in_model(places_).path, root_.path("build/share/sanctum/models/smoke"));
  add("models/smoke/config.json");
  EXPECT_EQ(built_in_model(places_).path, root_.path("models/smoke"));
  EXPECT_EQ(built_in_model(places_).model, "sanctum-smoke");
}

TEST_F(ModelDirectory, ADirectoryIsNamedByItsLastPart) {
  add("Llama-3.2-1B/config.json");
  const auto found = find_model(root_.path("Llama-3.2-1B") + "/", places_);
  EXPECT_EQ(found.model, "Llama-3.2-1B");
  EXPECT_EQ(found.path, root_.path("Llama-3.2-1B"));
  fs::create_directories(root_.path("empty"));
  EXPECT_THAT(refusal(root_.path("empty")), HasSubstr("no config.json"));
}

TEST_F(ModelDirectory, ADownloadedModelIsFoundThroughItsReference) {
  add("hub/models--org--name/refs/main", "abc\n");
  EXPECT_THAT(refusal("org/name"), HasSubstr(places_.hub));
  add("hub/models--org--name/snapshots/abc/config.json");
  const auto found = find_model("org/name", places_);
  EXPECT_EQ(found.model, "org/name");
  EXPECT_EQ(found.path, root_.path("hub/models--org--name/snapshots/abc"));
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
