#include "client/agents.h"

#include <algorithm>

#include "base/json.h"

namespace sanctum::client {
namespace {

constexpr int kOutputShare = 4;  // of the context that an answer may take

std::string output_tokens(const AgentServer& server) {
  constexpr int kOutputTokensMax = 32000;
  return std::to_string(std::clamp(server.context_tokens / kOutputShare, 1, kOutputTokensMax));
}

// Claude Code's models are all the one that there is. A token, not a key: for one of those it asks
// whether it may use it.
AgentCommand claude(const AgentServer& server) {
  AgentCommand command{{"claude"},
                       {{"ANTHROPIC_BASE_URL", server.url},
                        {"ANTHROPIC_AUTH_TOKEN", server.key},
                        {"ANTHROPIC_API_KEY", ""},
                        // Either would send everything to a cloud, whatever the URL.
                        {"CLAUDE_CODE_USE_BEDROCK", ""},
                        {"CLAUDE_CODE_USE_VERTEX", ""}}};
  for (const char* model :
       {"ANTHROPIC_MODEL", "ANTHROPIC_DEFAULT_OPUS_MODEL", "ANTHROPIC_DEFAULT_SONNET_MODEL",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL", "CLAUDE_CODE_SUBAGENT_MODEL"})
    command.environment.emplace_back(model, server.model);
  command.environment.emplace_back("CLAUDE_CODE_MAX_OUTPUT_TOKENS", output_tokens(server));
  // Nothing but the requests themselves, and no line in them that changes each time.
  command.environment.emplace_back("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
  command.environment.emplace_back("CLAUDE_CODE_ATTRIBUTION_HEADER", "0");
  return command;
}

AgentCommand codex(const AgentServer& server) {
  const std::string provider = "{name=\"Sanctum\",base_url=" + json::quote(server.url + "/v1") +
                               ",wire_api=\"responses\",env_key=\"SANCTUM_API_KEY\"}";
  return {{"codex", "-c", "model_provider=\"sanctum\"", "-c", "model_providers.sanctum=" + provider,
           "-c", "model=" + json::quote(server.model), "-c",
           "model_context_window=" + std::to_string(server.reported_tokens)},
          {{"SANCTUM_API_KEY", server.key}}};
}

AgentCommand opencode(const AgentServer& server) {
  json::Writer w;
  w.begin_object().key("provider").begin_object().key("sanctum").begin_object();
  w.field("npm", "@ai-sdk/openai-compatible").field("name", "Sanctum");
  w.key("options").begin_object().field("baseURL", server.url + "/v1");
  w.field("apiKey", server.key).end_object();
  w.key("models").begin_object().key(server.model).begin_object();
  w.field("name", server.model).field("tool_call", true).key("limit").begin_object();
  w.field("context", server.context_tokens);
  w.key("output").raw(output_tokens(server)).end_object().end_object().end_object();
  w.end_object().end_object();
  w.field("model", "sanctum/" + server.model).field("small_model", "sanctum/" + server.model);
  w.end_object();
  return {{"opencode"}, {{"OPENCODE_CONFIG_CONTENT", w.take()}}};
}

AgentCommand aider(const AgentServer& server) {
  return {{"aider", "--model", "openai/" + server.model},
          {{"OPENAI_API_BASE", server.url + "/v1"}, {"OPENAI_API_KEY", server.key}}};
}

AgentCommand goose(const AgentServer& server) {
  return {{"goose", "session"},
          {{"GOOSE_PROVIDER", "openai"},
           {"GOOSE_MODEL", server.model},
           {"OPENAI_HOST", server.url},
           {"OPENAI_API_KEY", server.key}}};
}

AgentCommand qwen(const AgentServer& server) {
  return {{"qwen"},
          {{"OPENAI_BASE_URL", server.url + "/v1"},
           {"OPENAI_API_KEY", server.key},
           {"OPENAI_MODEL", server.model}}};
}

constexpr Agent kAgents[] = {
    {"claude", "Claude Code", "npm install -g @anthropic-ai/claude-code", 20000, claude},
    {"codex", "Codex", "npm install -g @openai/codex", 9200, codex},
    {"opencode", "OpenCode", "npm install -g opencode-ai", 7700, opencode},
    {"aider", "Aider", "pipx install aider-chat", 0, aider, /*needs_tools=*/false},
    {"goose", "Goose", "see https://block.github.io/goose", 0, goose},
    {"qwen", "Qwen Code", "npm install -g @qwen-code/qwen-code", 0, qwen},
};

}  // namespace

std::span<const Agent> agents() {
  return kAgents;
}

const Agent* find_agent(std::string_view name) {
  const auto* found = std::find_if(std::begin(kAgents), std::end(kAgents),
                                   [&](const Agent& agent) { return agent.name == name; });
  return found == std::end(kAgents) ? nullptr : found;
}

}  // namespace sanctum::client
