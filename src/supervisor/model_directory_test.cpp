#include "supervisor/model_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::supervisor {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

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

TEST_F(ModelDirectory, ANameMayBeGiven) {
  add("a/config.json");
  add("x=y/config.json");
  add("models/smoke/config.json");
  EXPECT_EQ(find_model("mine=" + root_.path("a"), places_).model, "mine");
  EXPECT_EQ(find_model("org/mine:4b=" + root_.path("a"), places_).path, root_.path("a"));
  EXPECT_EQ(find_model(root_.path("x=y"), places_).model, "x=y") << "a directory's own";
  EXPECT_EQ(find_model("tiny=smoke", places_).path, root_.path("models/smoke"));
  EXPECT_THAT(refusal("my model=" + root_.path("a")), HasSubstr("is no NAME=MODEL"));
  EXPECT_THAT(refusal("=" + root_.path("a")), HasSubstr("is no NAME=MODEL"));
  EXPECT_THAT(refusal("mine=absent"), HasSubstr("no directory 'absent'"));
}

// It was taken for NAME=MODEL where it stood behind ~/.
TEST_F(ModelDirectory, WhatIsThereIsAPathWhateverItIsCalled) {
  add("x=y.gguf", "GGUF");
  ::setenv("HOME", root_.path().c_str(), 1);
  EXPECT_EQ(find_model("~/x=y.gguf", places_).gguf, root_.path("x=y.gguf"));
  EXPECT_EQ(find_model("mine=~/x=y.gguf", places_).model, "mine");
}

TEST_F(ModelDirectory, WhatMayNotBeLookedAtIsNotCalledAbsent) {
  fs::create_symlink("round", root_.path("round"));  // no user may follow it
  EXPECT_THAT(refusal(root_.path("round")), HasSubstr("cannot open " + root_.path("round")));
  fs::create_directories(places_.hub);
  fs::create_symlink("models--org--x", root_.path("hub/models--org--x"));
  EXPECT_THAT(refusal("org/x"), HasSubstr("cannot open " + root_.path("hub/models--org--x")));
  fs::create_directories(root_.path("dangling"));
  fs::create_symlink("nothing", root_.path("dangling/config.json"));
  EXPECT_THAT(refusal(root_.path("dangling")), HasSubstr("is a link that leads to no file"));
  ASSERT_EQ(::mkfifo(root_.path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal(root_.path("pipe")), HasSubstr("but a pipe"));
}

TEST_F(ModelDirectory, AnImportsNameTellsItsFile) {
  SearchPlaces places = places_;
  places.imports = root_.path("imported");
  add("imported/x-0123456789abcdef/imported_from", "/there/x.gguf\n");
  try {
    find_model("imported:x-0123456789abcdef", places);
    FAIL() << "a name for `remove` alone";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("made of /there/x.gguf: name that file"));
  }
}

TEST_F(ModelDirectory, AModelOfBeforeThereWereMakersIsFound) {
  add("hub/models--gpt2/refs/main", "abc");
  add("hub/models--gpt2/snapshots/abc/config.json");
  EXPECT_EQ(find_model("gpt2", places_).path, root_.path("hub/models--gpt2/snapshots/abc"));
}

TEST_F(ModelDirectory, TheBuiltInOneHasAWord) {
  add("models/smoke/config.json");
  EXPECT_EQ(find_model("smoke", places_).model, "sanctum-smoke");
}

TEST_F(ModelDirectory, WhatIsNoModelIsKnownForWhatItIs) {
  add("m/config.json");
  add("m/model.safetensors");
  add("g/weights.gguf");
  add("deep/inner/config.json");
  add("lone/x.safetensors");
  add("lone/notes.txt");
  EXPECT_THAT(refusal(root_.path("g/absent.gguf")), HasSubstr("no file"));
  EXPECT_THAT(refusal(root_.path("g")), HasSubstr("GGUF"));
  EXPECT_THAT(refusal(root_.path("m/model.safetensors")),
              HasSubstr("name the directory that it is in: " + root_.path("m")));
  EXPECT_THAT(refusal(root_.path("m/config.json")), HasSubstr(root_.path("m")));
  EXPECT_THAT(refusal(root_.path("lone/x.safetensors")), HasSubstr("weights alone"));
  EXPECT_THAT(refusal(root_.path("lone/notes.txt")), HasSubstr("is a file"));
  EXPECT_THAT(refusal(root_.path("deep")),
              HasSubstr("did you mean " + root_.path("deep/inner") + "?"));
  EXPECT_THAT(refusal(root_.path("depe")), HasSubstr("did you mean '" + root_.path("deep") + "'?"));
}

TEST_F(ModelDirectory, AGgufFileHasADirectoryThatIsMadeOfIt) {
  add("g/weights.gguf", "GGUF");
  SearchPlaces places = places_;
  places.imports = root_.path("imported");
  const auto found = find_model("mine=" + root_.path("g/weights.gguf"), places);
  EXPECT_EQ(found.model, "mine");
  EXPECT_EQ(found.gguf, root_.path("g/weights.gguf"));
  EXPECT_THAT(found.path, HasSubstr(root_.path("imported/weights-")));
  EXPECT_EQ(find_model(root_.path("g/weights.gguf"), places).model, "weights");
}

TEST_F(ModelDirectory, AnotherProgramsModelIsServedByTheNameThatClientsKnow) {
  add("studio/pub/repo/config.json");
  SearchPlaces places = places_;
  places.foreign.lm_studio = {root_.path("studio")};
  EXPECT_EQ(find_model("lmstudio:pub/repo", places).model, "pub/repo");
  EXPECT_EQ(find_model("lmstudio:pub/repo", places).path, root_.path("studio/pub/repo"));
  EXPECT_EQ(find_model("mine=lmstudio:pub/repo", places).model, "mine");
  EXPECT_THROW(find_model("lmstudio:pub/../repo", places), Error);
}

TEST_F(ModelDirectory, ADownloadThatDidNotEndIsCalledThat) {
  add("hub/models--org--whole/snapshots/abc/config.json");
  EXPECT_THAT(refusal("org/whole"),
              AllOf(HasSubstr("refs/main is missing"),
                    HasSubstr(root_.path("hub/models--org--whole/snapshots/abc")),
                    HasSubstr("sanctum models pull org/whole")));
  add("hub/models--org--half/refs/main", "abc");
  EXPECT_THAT(refusal("org/half"), HasSubstr("did not end"));
  add("hub/models--org--g/refs/main", "abc");
  add("hub/models--org--g/snapshots/abc/w.gguf");
  EXPECT_THAT(refusal("org/g"), HasSubstr("GGUF"));
}

TEST_F(ModelDirectory, ASlipIsGuessed) {
  add("hub/models--org--whole/refs/main", "abc");
  EXPECT_THAT(refusal("org/whoel"), HasSubstr("did you mean 'org/whole'?"));
  EXPECT_THAT(refusal("whole"), HasSubstr("did you mean 'org/whole'?"));
}

TEST_F(ModelDirectory, AFolderOfModelsListsThem) {
  add("models/a/config.json");
  add("models/b/config.json");
  EXPECT_THAT(refusal(root_.path("models")),
              AllOf(HasSubstr("name one, " + root_.path("models/a")), HasSubstr(", or b")));
  add("ggufs/x-Q4_0.gguf");
  add("ggufs/x-Q8_0.gguf");
  add("ggufs/mmproj-x.gguf");
  EXPECT_THAT(refusal(root_.path("ggufs")),
              AllOf(HasSubstr("`sanctum serve " + root_.path("ggufs/x-Q4_0.gguf") + "`"),
                    HasSubstr("others are x-Q8_0.gguf"), Not(HasSubstr("mmproj"))));
  add("ggufs/config.json");
  EXPECT_THAT(refusal(root_.path("ggufs")), HasSubstr("others are x-Q8_0.gguf"));
  add("studio/repo/y.gguf");
  EXPECT_THAT(refusal(root_.path("studio")), HasSubstr(root_.path("studio/repo/y.gguf")));
}

TEST_F(ModelDirectory, AnAdapterIsNoModel) {
  add("lora/adapter_config.json", R"({"base_model_name_or_path": "org/base"})");
  EXPECT_THAT(refusal(root_.path("lora")), HasSubstr("an adapter (LoRA) of org/base"));
}

TEST_F(ModelDirectory, AnAddressIsToldForWhatItIs) {
  EXPECT_THAT(refusal("https://huggingface.co/org/x"), HasSubstr("`sanctum models pull org/x`"));
  EXPECT_THAT(refusal("org/x-GGUF:Q8_0"), HasSubstr("--include '*Q8_0*.gguf'"));
}

TEST_F(ModelDirectory, ASlipInAFilesNameIsGuessed) {
  add("g/tiny-Q8_0.gguf", "GGUF");
  EXPECT_THAT(refusal(root_.path("g/tiny-Q8_O.gguf")),
              AllOf(HasSubstr("there is no file"),
                    HasSubstr("did you mean '" + root_.path("g/tiny-Q8_0.gguf") + "'?")));
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
