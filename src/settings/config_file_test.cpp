#include "settings/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::settings {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A program's settings, some of them in tables that may stand several times.
struct Model {
  std::string path;
  std::vector<std::string> aliases;
  int ttl_s = 60;
  std::uint64_t kv_bytes = 0;
};
struct Program {
  std::string name = "x";
  int threads = 1;
  std::list<Model> models;
};

std::vector<Setting> settings_of(Model& model) {
  return {{.key = "path", .type = Path{&model.path}},
          {.key = "aliases", .type = Texts{&model.aliases}},
          {.key = "ttl_s", .type = Number{&model.ttl_s, {0, 3600}}, .unit = "s"},
          {.key = "kv_bytes", .type = Bytes{&model.kv_bytes}}};
}

std::vector<Setting> settings_of(Program& program) {
  Rows models;
  models.max = 2;
  models.clear = [&program] { program.models.clear(); };
  models.add = [&program] { return settings_of(program.models.emplace_back()); };
  models.bound = [&program] {
    std::vector<std::vector<Setting>> all;
    for (Model& model : program.models) all.push_back(settings_of(model));
    return all;
  };
  return {{.key = "models", .type = models},
          {.key = "name", .type = Text{&program.name, {"x", "y"}}},
          {.key = "threads", .type = Number{&program.threads, {1, 8}}}};
}

class ConfigFile : public testing::Test {
 protected:
  std::vector<std::string> read(const std::string& text,
                                const std::vector<std::string>& decided = {}) {
    write_file_atomically(path_, text);
    return read_config_file(path_, decided, settings_of(program_));
  }
  std::string refusal(const std::string& text) {
    try {
      read(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  const TestDirectory directory_;
  const std::string path_ = directory_.path("sanctum.toml");
  Program program_;
};

TEST_F(ConfigFile, SetsWhatItNamesAndSaysWhatThatWas) {
  EXPECT_THAT(read("threads = 4\n"), ElementsAre("threads"));
  EXPECT_EQ(program_.threads, 4);
  EXPECT_EQ(program_.name, "x");
}

TEST_F(ConfigFile, WhatIsDecidedIsCheckedAndNotTaken) {
  read("threads = 4\n", {"threads"});
  EXPECT_EQ(program_.threads, 1);
  EXPECT_THROW(read("threads = 9\n", {"threads"}), Error);
}

TEST_F(ConfigFile, AWrongValueIsNamedWithItsLineAndItsLimits) {
  EXPECT_THAT(refusal("name = \"y\"\nthreads = 9\n"),
              HasSubstr("sanctum.toml:2: 'threads' must be an integer from 1 to 8"));
  EXPECT_THAT(refusal("name = \"z\"\n"), HasSubstr(":1: 'name' must be one of x, y"));
  EXPECT_THAT(refusal("nam = 1\n"), HasSubstr(":1: unknown key 'nam'"));
  EXPECT_THAT(refusal("threads = \n"), HasSubstr(":1: "));
}

TEST_F(ConfigFile, ATableMayStandSeveralTimes) {
  read(R"(
threads = 2
[[models]]
path = "/a"
aliases = ["gpt-4o", "big"]
kv_bytes = "1KiB"
[[models]]
path = "/b"
ttl_s = 0
)");
  ASSERT_EQ(program_.models.size(), 2u);
  const Model& a = program_.models.front();
  EXPECT_EQ(a.path, "/a");
  EXPECT_THAT(a.aliases, ElementsAre("gpt-4o", "big"));
  EXPECT_EQ(a.kv_bytes, 1024u);
  EXPECT_EQ(a.ttl_s, 60);
  EXPECT_EQ(program_.models.back().ttl_s, 0);
}

TEST_F(ConfigFile, ARowOfATableIsCheckedAsTheRestIs) {
  EXPECT_THAT(refusal("[[models]]\npath = \"/a\"\nttl_s = 4000\n"),
              HasSubstr(":3: 'ttl_s' must be an integer from 0 to 3600"));
  EXPECT_THAT(refusal("[[models]]\npth = \"/a\"\n"), HasSubstr(":2: unknown key 'pth'"));
  EXPECT_THAT(refusal("models = [\"/a\"]\n"), HasSubstr("'models' must be up to 2 tables"));
  EXPECT_THAT(refusal("[[models]]\n[[models]]\n[[models]]\n"),
              HasSubstr("'models' must be up to 2 tables"));
}

TEST_F(ConfigFile, WhatIsPrintedReadsBackAsTheSame) {
  read("name = \"y\"\n[[models]]\npath = \"/a b\"\naliases = [\"q\"]\n[[models]]\nkv_bytes = 7\n");
  const auto print = [](Program& program) {
    return as_toml(settings_of(program), [](const Setting& setting) { return setting.key + "!"; });
  };
  const std::string text = print(program_);
  EXPECT_THAT(text, HasSubstr("name = \"y\"  # name!\n"));
  Program again;
  write_file_atomically(path_, text);
  read_config_file(path_, {}, settings_of(again));
  EXPECT_EQ(print(again), text);
  EXPECT_EQ(again.models.back().kv_bytes, 7u);
}

}  // namespace
}  // namespace sanctum::settings
