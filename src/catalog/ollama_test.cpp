#include "catalog/ollama.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/error.h"
#include "base/sha256.h"
#include "base/test_directory.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kLibrary = "manifests/registry.ollama.ai/library/";

class Ollama : public testing::Test {
 protected:
  static std::string layer(const std::string& kind, const std::string& digest, std::size_t size) {
    return R"({"mediaType":"application/vnd.ollama.image.)" + kind + R"(","digest":")" + digest +
           R"(","size":)" + std::to_string(size) + "}";
  }
  // The blob's layer; the blob is written.
  std::string blob(const std::string& kind, const std::string& content) {
    const std::string hex = to_hex(sha256(content));
    root_.write("blobs/sha256-" + hex, content);
    return layer(kind, "sha256:" + hex, content.size());
  }
  void manifest(const std::string& path, const std::string& layers) {
    root_.write(path, R"({"schemaVersion":2,"layers":[)" + layers + "]}");
  }
  ForeignModel model(const std::string& name) {
    auto found = ollama_model(name, root_.path());
    if (!found) return {name, "", "", 0, "not found"};
    return *found;
  }
  const TestDirectory root_;
};

TEST_F(Ollama, IsFoundByItsNameAsOllamaListsIt) {
  manifest(std::string(kLibrary) + "qwen3/4b",
           blob("model", "GGUF4b") + "," + blob("license", "free"));
  manifest(std::string(kLibrary) + "qwen3/latest", blob("model", "GGUFlatest"));
  manifest("manifests/registry.ollama.ai/me/own/v1", blob("model", "GGUFown"));
  manifest("manifests/hf.co/org/name/Q4_K_M", blob("model", "GGUFhf"));
  const auto of = [&](const std::string& content) {
    return root_.path("blobs/sha256-" + to_hex(sha256(content)));
  };
  EXPECT_EQ(model("ollama:qwen3:4b").path, of("GGUF4b"));
  EXPECT_EQ(model("ollama:qwen3").path, of("GGUFlatest"));
  EXPECT_EQ(model("ollama:library/qwen3").path, of("GGUFlatest"));
  EXPECT_EQ(model("ollama:me/own:v1").path, of("GGUFown"));
  EXPECT_EQ(model("ollama:hf.co/org/name:Q4_K_M").path, of("GGUFhf"));
  EXPECT_EQ(model("ollama:absent").problem, "not found");
  std::vector<std::string> names;
  for (const auto& each : ollama_models(root_.path())) {
    names.push_back(each.name);
    EXPECT_EQ(each.problem, "");
    EXPECT_EQ(model(each.name).path, each.path) << "the listed name leads there";
  }
  EXPECT_EQ(names, (std::vector<std::string>{"ollama:hf.co/org/name:Q4_K_M", "ollama:qwen3:4b",
                                             "ollama:qwen3:latest", "ollama:me/own:v1"}));
}

TEST_F(Ollama, NamesThatLeadElsewhereAreRefused) {
  root_.write("secret", "GGUF");
  for (const std::string& name :
       std::vector<std::string>{"..", "../x", "a/../b", "a:..", "/etc/passwd", "a/b/c/d", "",
                                "a:b:c", "a//b", ".hidden", std::string("a\0b", 3), "a\nb", "a\\b"})
    EXPECT_THROW(ollama_model("ollama:" + name, root_.path()), Error) << name;
}

TEST_F(Ollama, WhatCannotBeServedSaysWhy) {
  const auto problem = [&](const std::string& layers) {
    manifest(std::string(kLibrary) + "m/latest", layers);
    const auto found = model("ollama:m");
    EXPECT_EQ(found.path, "");
    return found.problem;
  };
  const std::string good = blob("model", "GGUF");
  EXPECT_THAT(problem(good + "," + blob("adapter", "x")), HasSubstr("adapter"));
  EXPECT_THAT(problem(blob("tensor", "x")), HasSubstr("own form"));
  EXPECT_THAT(problem(""), HasSubstr("cloud"));
  EXPECT_THAT(problem(blob("model", "no")), HasSubstr("GGUF"));
  EXPECT_THAT(problem(good + "," + blob("model", "GGUF2")), HasSubstr("several"));
  EXPECT_THAT(problem(layer("model", "sha256:" + std::string(64, 'a'), 4)),
              HasSubstr("ollama pull m:latest"));
  EXPECT_THAT(problem(layer("model", "sha256:../../secret", 4)), HasSubstr("digest"));
  EXPECT_THAT(problem(layer("model", "sha256:" + to_hex(sha256("GGUF")), 5)),
              HasSubstr("not whole"));
  EXPECT_THAT(problem("{}"), HasSubstr("makes no sense"));
  manifest(std::string(kLibrary) + "m/latest", good + "," + blob("projector", "GGUFclip"));
  EXPECT_THAT(model("ollama:m").left_out, HasSubstr("picture"));
  EXPECT_EQ(model("ollama:m").problem, "");
}

TEST_F(Ollama, LinksOutOfTheFolderAreRefused) {
  const TestDirectory elsewhere;
  elsewhere.write("weights", "GGUF");
  const std::string hex = to_hex(sha256("GGUF"));
  fs::create_directories(root_.path("blobs"));
  fs::create_symlink(elsewhere.path("weights"), root_.path("blobs/sha256-" + hex));
  manifest(std::string(kLibrary) + "m/latest", layer("model", "sha256:" + hex, 4));
  EXPECT_THAT(model("ollama:m").problem, HasSubstr("link out"));
  elsewhere.write("manifest", "{}");
  fs::create_symlink(elsewhere.path("manifest"), root_.path(std::string(kLibrary) + "m/linked"));
  EXPECT_THAT(model("ollama:m:linked").problem, HasSubstr("link out"));
  EXPECT_EQ(ollama_models(root_.path()).size(), 2u);
}

TEST(OllamaDirectories, AreTheVariablesOrTheHomes) {
  const auto with = [](const std::map<std::string, std::string>& values) {
    return [values](const char* name) -> std::optional<std::string> {
      const auto at = values.find(name);
      return at == values.end() ? std::nullopt : std::optional(at->second);
    };
  };
  EXPECT_EQ(ollama_directories(with({{"HOME", "/h"}, {"OLLAMA_MODELS", "/o"}})),
            std::vector<std::string>{"/o"});
  EXPECT_EQ(ollama_directories(with({{"HOME", "/h"}})).front(), "/h/.ollama/models");
}

}  // namespace
}  // namespace sanctum::catalog
