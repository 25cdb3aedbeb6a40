#include "client/agents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/json.h"

namespace sanctum::client {
namespace {

using testing::Contains;
using testing::HasSubstr;

const AgentServer kServer{"http://127.0.0.1:1338", "k", "a\"b", 40960, 32000};

std::map<std::string, std::string> environment(const AgentCommand& command) {
  return {command.environment.begin(), command.environment.end()};
}

TEST(Agents, EachIsWhole) {
  std::set<std::string_view> names;
  for (const Agent& agent : agents()) {
    EXPECT_TRUE(names.insert(agent.name).second) << agent.name;
    EXPECT_FALSE(agent.title.empty() || agent.install.empty()) << agent.name;
    const AgentCommand command = agent.command(kServer);
    EXPECT_FALSE(command.words.empty()) << agent.name;
    std::string all;
    for (const auto& word : command.words) all += word + "\n";
    for (const auto& [name, value] : command.environment) all += value + "\n";
    EXPECT_THAT(all, HasSubstr("http://127.0.0.1:1338")) << agent.name;
    EXPECT_EQ(find_agent(agent.name), &agent);
  }
  EXPECT_EQ(find_agent("none"), nullptr);
}

TEST(Agents, ClaudeCodeHasOneModelForEverything) {
  const auto told = environment(find_agent("claude")->command(kServer));
  EXPECT_EQ(told.at("ANTHROPIC_MODEL"), "a\"b");
  EXPECT_EQ(told.at("ANTHROPIC_DEFAULT_HAIKU_MODEL"), "a\"b");
  EXPECT_EQ(told.at("ANTHROPIC_API_KEY"), "") << "the person's own goes nowhere";
  EXPECT_EQ(told.at("CLAUDE_CODE_MAX_OUTPUT_TOKENS"), "10240");
}

TEST(Agents, OpenCodesConfigurationIsJson) {
  const json::Document told(
      environment(find_agent("opencode")->command(kServer)).at("OPENCODE_CONFIG_CONTENT"));
  EXPECT_EQ(told.root().at("model").as_string(), "sanctum/a\"b");
  EXPECT_EQ(told.root()
                .at("provider")
                .at("sanctum")
                .at("models")
                .at("a\"b")
                .at("limit")
                .at("context")
                .as_int(),
            40960);
}

TEST(Agents, CodexIsToldOnItsCommandLine) {
  const AgentCommand command = find_agent("codex")->command(kServer);
  EXPECT_THAT(command.words, Contains(R"(model="a\"b")"));
  EXPECT_THAT(command.words, Contains("model_context_window=32000"));
}

}  // namespace
}  // namespace sanctum::client
