#include "hub/places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::hub {
namespace {

using testing::HasSubstr;
using testing::Not;

Environment with(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto at = variables.find(name);
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  };
}

TEST(Places, TheCacheIsWhereHuggingFaceHasIt) {
  EXPECT_EQ(cache_directory(with({})), "");
  EXPECT_EQ(cache_directory(with({{"HOME", "/h"}})), "/h/.cache/huggingface/hub");
  EXPECT_EQ(cache_directory(with({{"HOME", "/h"}, {"XDG_CACHE_HOME", "/c"}})),
            "/c/huggingface/hub");
  EXPECT_EQ(cache_directory(with({{"XDG_CACHE_HOME", "/c"}, {"HF_HOME", "/f"}})), "/f/hub");
  EXPECT_EQ(cache_directory(with({{"HF_HOME", "/f"}, {"HUGGINGFACE_HUB_CACHE", "/g"}})), "/g");
  EXPECT_EQ(cache_directory(with({{"HUGGINGFACE_HUB_CACHE", "/g"}, {"HF_HUB_CACHE", "/k"}})), "/k");
  EXPECT_EQ(cache_directory(with({{"HOME", "/h"}, {"HF_HOME", "~/f"}})), "/h/f/hub");
  EXPECT_EQ(cache_directory(with({{"D", "/d"}, {"HF_HUB_CACHE", "$D/${D}x/$NO/${D"}})),
            "/d//dx/$NO/${D");
}

TEST(Places, TheTokenIsTheVariablesOrTheFiles) {
  const TestDirectory home;
  EXPECT_EQ(token(with({{"HF_HOME", home.path()}})), "");
  home.write("token", "hf_file\n");
  EXPECT_EQ(token(with({{"HF_HOME", home.path()}})), "hf_file");
  EXPECT_EQ(token(with({{"HF_HOME", home.path()}, {"HF_TOKEN", " hf_own "}})), "hf_own");
  home.write("other", "hf_other");
  EXPECT_EQ(token(with({{"HF_HOME", home.path()}, {"HF_TOKEN_PATH", home.path("other")}})),
            "hf_other");
  std::filesystem::create_symlink("absent", home.path("link"));
  EXPECT_THROW(token(with({{"HF_HOME", home.path()}, {"HF_TOKEN_PATH", home.path("link")}})), Error)
      << "it was taken for no token";
  try {
    token(with({{"HF_TOKEN", "secret\r\nX-Evil: 1"}}));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
  }
}

TEST(Places, AHubIsAnHttpAddress) {
  EXPECT_EQ(endpoint("", with({})), "https://huggingface.co");
  EXPECT_EQ(endpoint("", with({{"HF_ENDPOINT", "https://mirror/"}})), "https://mirror");
  EXPECT_EQ(endpoint("http://h:1/base//", with({{"HF_ENDPOINT", "https://m"}})), "http://h:1/base");
  for (const char* bad : {"hub", "ftp://h", "http://", "http:///x", "http://h?x", "http://u@h"})
    EXPECT_THROW(endpoint(bad, with({})), Error) << bad;
}

}  // namespace
}  // namespace sanctum::hub
