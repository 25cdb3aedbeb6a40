#include "hub/file_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::hub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kCommit(40, 'c'), kSha(64, 'a'), kGit(40, 'b');

RemoteList list_of(const std::vector<std::string>& paths) {
  RemoteList list{kCommit, {}};
  for (const auto& path : paths) list.files.push_back({path, 1, kGit});
  return list;
}

std::vector<std::string> chosen(const std::vector<std::string>& paths,
                                const std::vector<std::string>& patterns = {}) {
  std::vector<std::string> names;
  for (const auto& file : needed_files(list_of(paths), patterns, "org/name"))
    names.push_back(file.path);
  return names;
}

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(FileList, IsReadWithItsHashes) {
  const auto list = read_file_list(R"({"id":"org/name","sha":")" + kCommit + R"(","siblings":[
        {"rfilename":"config.json","size":7,"blobId":")" +
                                   kGit + R"("},
        {"rfilename":"model.safetensors","size":133,"blobId":")" +
                                   kGit + R"(","lfs":{"sha256":")" + kSha +
                                   R"(","size":9000000000,"pointerSize":133}},
        {"rfilename":"untold"}]})");
  EXPECT_EQ(list.commit, kCommit);
  ASSERT_EQ(list.files.size(), 3u);
  EXPECT_EQ(list.files[0].blob, kGit);
  EXPECT_EQ(list.files[0].size, 7u);
  EXPECT_EQ(list.files[1].blob, kSha);
  EXPECT_EQ(list.files[1].size, 9000000000u);
  EXPECT_EQ(list.files[2].blob, "");
  EXPECT_FALSE(list.files[2].size);
}

TEST(FileList, NamesThatLeadOutAreRefused) {
  const std::string with_nul{'a', '\0', 'b'};
  for (const std::string& bad :
       {std::string(".."), std::string("../x"), std::string("a/../../x"),
        std::string("/etc/passwd"), std::string("a\\..\\x"), std::string("a//b"), std::string("a/"),
        std::string("./a"), std::string(""), with_nul, std::string("a\nb"),
        std::string(256, 'a')}) {
    EXPECT_FALSE(is_safe_path(bad)) << bad;
  }
  for (const char* good : {"config.json", "a/b/c.json", "..a", "a b", "\xc3\xa4.json"})
    EXPECT_TRUE(is_safe_path(good)) << good;
  const std::string text = R"({"sha":")" + kCommit + R"(","siblings":[{"rfilename":"a/../../x"}]})";
  EXPECT_THAT(refusal([&] { read_file_list(text); }),
              HasSubstr("outside of the model's directory"));
}

TEST(FileList, WhatMakesNoSenseIsRefused) {
  const auto of = [](const std::string& sha, const std::string& files) {
    return refusal(
        [&] { read_file_list(R"({"sha":")" + sha + R"(","siblings":[)" + files + "]}"); });
  };
  EXPECT_THAT(of("../..", ""), HasSubstr("commit"));
  EXPECT_THAT(of(kCommit, R"({"rfilename":"a"},{"rfilename":"a"})"), HasSubstr("twice"));
  EXPECT_THAT(of(kCommit, R"({"rfilename":"a","blobId":"../x"})"), HasSubstr("no hash"));
  EXPECT_THAT(of(kCommit, R"({"rfilename":"a","size":99999999999999})"), HasSubstr("bytes"));
  EXPECT_THAT(refusal([] { read_file_list("<html>"); }), HasSubstr("is it a hub"));
}

TEST(FileList, AModelNeedsNoMoreThanItself) {
  EXPECT_THAT(chosen({".gitattributes",
                      "README.md",
                      "config.json",
                      "tokenizer.json",
                      "tokenizer.model",
                      "merges.txt",
                      "chat_template.jinja",
                      "additional_chat_templates/tool_use.jinja",
                      "model.safetensors.index.json",
                      "model-00001-of-00002.safetensors",
                      "model-00002-of-00002.safetensors",
                      "consolidated.safetensors",
                      "pytorch_model.bin",
                      "pytorch_model.bin.index.json",
                      "onnx/config.json",
                      "onnx/model.onnx",
                      "original/params.json",
                      "m.gguf",
                      "modeling.py",
                      "x.pth"}),
              ElementsAre("config.json", "tokenizer.json", "tokenizer.model", "merges.txt",
                          "chat_template.jinja", "additional_chat_templates/tool_use.jinja",
                          "model.safetensors.index.json", "model-00001-of-00002.safetensors",
                          "model-00002-of-00002.safetensors"));
  EXPECT_THAT(chosen({"config.json", "weights.00.safetensors"}),
              ElementsAre("config.json", "weights.00.safetensors"));
}

TEST(FileList, AModelWithoutSafetensorsIsRefusedUnlessAskedFor) {
  EXPECT_THAT(refusal([] { chosen({"config.json", "m.bin"}); }), HasSubstr("only in .bin"));
  EXPECT_THAT(chosen({"config.json", "m.gguf", "d/x.gguf"}, {"*.gguf"}),
              ElementsAre("m.gguf", "d/x.gguf"));
  EXPECT_THAT(chosen({"a", "d/x", "d/e/y"}, {"d/"}), ElementsAre("d/x", "d/e/y"));
  EXPECT_THAT(refusal([] { chosen({"config.json"}, {"*.gguf"}); }), HasSubstr("--include"));
}

TEST(FileList, OfGgufFilesTheOnlyOneIsTakenAndOfSeveralNone) {
  EXPECT_THAT(chosen({"config.json", "m-Q8_0.gguf", "mmproj-m.gguf"}), ElementsAre("m-Q8_0.gguf"));
  const auto said = refusal([] {
    chosen({"m-Q4_0.gguf", "big/m-BF16-00001-of-00002.gguf", "big/m-BF16-00002-of-00002.gguf"});
  });
  EXPECT_THAT(said, HasSubstr("\n  m-Q4_0.gguf  1 B\n"));
  EXPECT_THAT(said, HasSubstr("\n  big/m-BF16-00001-of-00002.gguf  1 B  the first of 2 parts"));
  EXPECT_THAT(said, Not(HasSubstr("00002-of-00002")));
}

}  // namespace
}  // namespace sanctum::hub
