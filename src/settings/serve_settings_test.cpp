#include "settings/serve_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <set>

#include "base/test_directory.h"
#include "settings/handed_config.h"
#include "settings/reference.h"
#include "settings/serve_options.h"

namespace sanctum::settings {
namespace {

using testing::HasSubstr;

// Something else than the default, within the limits.
struct Change {
  void operator()(const Text& text) const {
    if (text.choices.empty())
      *text.value += "x";
    else  // another one
      *text.value = *text.value == text.choices.back() ? text.choices.front() : text.choices.back();
  }
  void operator()(const Path& path) const { *path.value += "/x"; }
  void operator()(const Texts& texts) const { texts.value->emplace_back("x y"); }
  void operator()(const Number& number) const { *number.value = number.range.high; }
  void operator()(const Bytes& bytes) const { *bytes.value += 1; }
  void operator()(const Rows&) const {}
};

TEST(ServeSettings, HaveNamesOfTheirOwn) {
  ServeConfig config;
  std::set<std::string> keys, flags, variables;
  for (const Setting& setting : serve_settings(config)) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    EXPECT_TRUE(flags.insert(setting.flag).second) << setting.flag;
    EXPECT_FALSE(setting.what.empty()) << setting.key;
    if (!is_flag(setting)) continue;
    EXPECT_TRUE(variables.insert(setting.variable).second) << setting.variable;
    EXPECT_THAT(setting.variable, testing::StartsWith("SANCTUM_"));
  }
}

TEST(ServeSettings, EachIsHandedDownToTheParts) {
  for (std::size_t i = 0; i < serve_settings(*std::make_unique<ServeConfig>()).size(); ++i) {
    ServeConfig config;
    const Setting setting = serve_settings(config)[i];
    const std::string before = encode(config);
    std::visit(Change(), setting.type);
    const std::string after = encode(config);
    EXPECT_NE(before, after) << setting.key;
    EXPECT_EQ(encode(decode_config(after)), after) << setting.key;
  }
}

TEST(ServeSettings, WhatResolvingAddsIsHandedDownToo) {
  ServeConfig config;
  config.file = "/etc/sanctum.toml";
  config.arguments = {"--config", "sanctum.toml"};
  config.found_models = {{"m", "/models/m"}};
  const ServeConfig there = decode_config(encode(config));
  EXPECT_EQ(there.file, config.file);
  EXPECT_EQ(there.arguments, config.arguments);
  ASSERT_EQ(there.found_models.size(), 1u);
  EXPECT_EQ(there.found_models[0].path, "/models/m");
}

TEST(ServeSettings, EachIsAFlag) {
  ServeConfig config;
  const auto table = serve_settings(config);
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (!is_flag(table[i])) continue;
    std::visit(Change(), table[i].type);
    CLI::App app;
    const ServeOptions options(app);
    std::vector<std::string> words;
    for (const auto& word : words_of(table[i])) {
      words.push_back(table[i].flag);
      words.push_back(word);
    }
    std::reverse(words.begin(), words.end());
    app.parse(words);
    EXPECT_EQ(words_of(options.settings()[i]), words_of(table[i])) << table[i].key;
    EXPECT_EQ(options.decided_keys(), std::vector<std::string>{table[i].key});
  }
}

TEST(ServeSettings, OfAFlagThatIsSaidTwiceTheLastCounts) {
  CLI::App app;
  const ServeOptions options(app);
  app.parse("--queue 3 --listen 127.0.0.1:1 --queue 4 --listen 127.0.0.1:2", false);
  EXPECT_EQ(options.told().queue, 4);
  EXPECT_EQ(options.told().listen, "127.0.0.1:2");
}

// `sanctum serve --reference > docs/settings.md` makes it anew.
TEST(ServeSettings, StandOnThePageForPeople) {
  EXPECT_EQ(read_file(source_directory() + "/docs/settings.md"), reference_page());
}

}  // namespace
}  // namespace sanctum::settings
