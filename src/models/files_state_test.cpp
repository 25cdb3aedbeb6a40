#include "models/files_state.h"

#include <gtest/gtest.h>

#include "base/test_directory.h"

namespace sanctum::models {
namespace {

TEST(FilesState, IsThatOfWhatALoadReads) {
  const TestDirectory root;
  root.write("config.json", "{}");
  root.write("model.safetensors", "weights");
  const std::string before = files_state(root.path());
  EXPECT_EQ(before, files_state(root.path()));
  root.write("README.md", "nobody reads it");
  root.write("consolidated.safetensors", "the same weights in another form");
  EXPECT_EQ(files_state(root.path()), before);
  for (const char* name : {"model.safetensors", "config.json", "chat_template.jinja"}) {
    const std::string so_far = files_state(root.path());
    root.write(name, std::string("changed ") + name);
    EXPECT_NE(files_state(root.path()), so_far) << name;
  }
  EXPECT_NE(files_state(root.path("absent")), before);
}

}  // namespace
}  // namespace sanctum::models
