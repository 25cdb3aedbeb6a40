#include "serve/gguf_imports.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/exit_code.h"
#include "base/test_directory.h"

namespace sanctum::serve {
namespace {

namespace fs = std::filesystem;

class GgufImports : public testing::Test {
 protected:
  GgufImports() { config_.state_dir = root_.path("state"); }
  // A file that cannot be imported, served; as if it had been.
  catalog::ImportPlace imported(const std::string& content) {
    root_.write("a.gguf", content);
    const auto place = catalog::import_place(root_.path("a.gguf"), imports_of(config_));
    fs::create_directories(place.directory);
    write_file_atomically(place.directory + "/config.json", "{}");
    catalog::note_source(place.directory, place.file);
    return place;
  }
  const TestDirectory root_;
  settings::ServeConfig config_;
  const std::atomic<bool> never_{false};
};

TEST_F(GgufImports, WhatHasAnotherNameIsNotMadeAnew) {
  const auto place = imported("GGUF");
  config_.imports = {place};
  fs::rename(place.directory, imports_of(config_) + "/mine-" +
                                  place.directory.substr(place.directory.rfind('-') + 1));
  root_.write("state/imported/.x.importing/half", "1");
  settle_imports(config_);
  make_imports(config_, never_);
  EXPECT_EQ(std::distance(fs::directory_iterator(imports_of(config_)), {}), 1);
  EXPECT_EQ(not_imported(config_), "");
}

// Both had to have room.
TEST_F(GgufImports, WhatIsOutdatedGoesBeforeAnotherIsMade) {
  const auto before = imported("GGUF");
  root_.write("a.gguf", "GGUF22");
  config_.imports = {catalog::import_place(root_.path("a.gguf"), imports_of(config_))};
  settle_imports(config_);
  EXPECT_TRUE(fs::exists(before.directory)) << "until all is checked";
  EXPECT_THROW(make_imports(config_, never_), Exit) << "the file is none";
  EXPECT_TRUE(fs::is_empty(imports_of(config_)));
}

}  // namespace
}  // namespace sanctum::serve
