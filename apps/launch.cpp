#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/shell_word.h"
#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "client/agents.h"
#include "client/chat_client.h"

namespace sanctum {
namespace {

struct Options {
  client::EndpointOptions server;
  std::string agent, model;
  bool print = false, anyway = false;
  std::vector<std::string> words;  // the agent's own
};

std::string names() {
  std::string all;
  for (const auto& agent : client::agents())
    all += (all.empty() ? "" : ", ") + std::string(agent.name);
  return all;
}

const client::Agent& agent_named(const std::string& name) {
  if (const client::Agent* agent = client::find_agent(name)) return *agent;
  std::vector<std::string> known;
  for (const auto& agent : client::agents()) known.emplace_back(agent.name);
  throw Error(ErrorCode::kInvalid,
              "there is no agent '" + name + "'" +
                  did_you_mean(name, known, "there are " + names()) +
                  ". Any other is told by hand: docs/agents.md",
              "agent");
}

// A key of this server is no agent's business where none is asked for.
bool wants_key(client::Endpoint endpoint) {
  endpoint.bearer.clear();
  return client::ChatClient(endpoint).get("/v1/models").status == 401;
}

// The context as agents are told it, in what Codex reads of /v1/models.
int reported(const json::Node& listed, const std::string& model, int context) {
  if (const auto models = listed.get("models"))
    for (const auto& one : models->as_array(client::kModelsMax))
      if (one.as_string_or("slug", "") == model)
        return static_cast<int>(one.as_int_or("context_window", context));
  return context;
}

// A proxy that a person uses must not be asked for this machine.
void spare_proxies(client::AgentCommand& command, const std::string& url) {
  bool any = false;
  for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"})
    any = any || std::getenv(name) != nullptr;
  if (!any) return;
  const std::size_t host = url.find("://") + 3;
  const std::string own = url.substr(host, url.find_first_of(":/", host) - host);
  for (const char* name : {"NO_PROXY", "no_proxy"}) {
    const char* const before = std::getenv(name);
    command.environment.emplace_back(
        name, (before == nullptr ? "" : std::string(before) + ",") + "127.0.0.1,localhost," + own);
  }
}

// The model's own name where an alias of it was given.
std::string own_name(client::ChatClient& client, const std::string& name) {
  if (name.find_first_of(" ?#%") != std::string::npos) return name;
  const auto reply = client.get("/v1/models/" + name);
  if (reply.status != 200) return name;
  return json::Document(reply.body).root().as_string_or("id", name);
}

// The entry of /v1/models.
client::AgentServer server_of(const Options& options) {
  const client::Endpoint endpoint = resolve(options.server, client::process_environment);
  if (endpoint.tls())
    throw Error(ErrorCode::kInvalid,
                "agents cannot show the certificates that " + endpoint.url +
                    " wants; give --url of its plain listener",
                "url");
  client::ChatClient client(endpoint);
  const std::string model = own_name(client, client.choose_model(options.model));
  const auto reply = client.get("/v1/models");
  const json::Document document(reply.body);
  const std::string key = wants_key(endpoint) ? endpoint.bearer : std::string();
  for (const auto& entry : document.root().at("data").as_array(client::kModelsMax)) {
    if (entry.as_string_or("id", "") != model) continue;
    const auto context = static_cast<int>(entry.as_int_or("max_model_len", 0));
    return {endpoint.url,
            key.empty() ? "none" : key,
            model,
            context,
            reported(document.root(), model, context),
            entry.has("own_context_tokens"),
            entry.as_bool_or("tools", true)};
  }
  std::string known;
  for (const auto& entry : document.root().at("data").as_array(client::kModelsMax))
    known += (known.empty() ? "" : ", ") + entry.as_string_or("id", "");
  throw Error(ErrorCode::kNotFound, "the server serves no '" + model + "'; there is " + known,
              "model");
}

void print(const client::AgentCommand& command) {
  for (const auto& [name, value] : command.environment)
    std::cout << name << "=" << shell_word(value) << " \\\n";
  std::string line;
  for (const auto& word : command.words) line += (line.empty() ? "" : " ") + shell_word(word);
  std::cout << line << "\n";
}

[[noreturn]] void become(const client::Agent& agent, const client::AgentCommand& command) {
  for (const auto& [name, value] : command.environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words;
  words.reserve(command.words.size() + 1);
  for (const auto& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::cout.flush();
  ::execvp(words.front(), words.data());
  if (errno == ENOENT)
    throw Error(ErrorCode::kNotFound, std::string(agent.title) +
                                          " is not installed, or not in "
                                          "PATH: " +
                                          std::string(agent.install));
  throw Error(ErrorCode::kUnavailable,
              command.words.front() + " cannot be started: " + std::strerror(errno));
}

int run(const Options& options) {
  const client::Agent& agent = agent_named(options.agent);
  const client::AgentServer server = server_of(options);
  client::AgentCommand command = agent.command(server);
  spare_proxies(command, server.url);
  command.words.insert(command.words.end(), options.words.begin(), options.words.end());
  std::cerr << agent.title << " with " << server.model << ", " << server.context_tokens
            << " tokens of context, at " << server.url << "\n";
  const bool no_tools = agent.needs_tools && !server.tools;
  if (no_tools)
    std::cerr << "sanctum launch: " << server.model << " knows of no tools, without which "
              << agent.title << " can do nothing\n";
  const bool too_short = server.context_tokens < agent.prompt_tokens;
  if (too_short)
    std::cerr << "sanctum launch: its first request alone takes about " << agent.prompt_tokens
              << " tokens: serve a model with a longer context"
              << (server.cut_by_memory ? ", or this one with more --kv-bytes\n" : "\n");
  if (options.print) {
    print(command);
    return 0;
  }
  if ((too_short || no_tools) && !options.anyway) {
    std::cerr << "sanctum launch: not started; --anyway does\n";
    return kExitNo;
  }
  become(agent, command);
}

}  // namespace

void add_launch(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto& command = *app.add_subcommand("launch", "Start a coding agent that uses the server");
  command.add_option("agent", options->agent, "One of " + names())->required();
  command.add_option("words", options->words, "What the agent itself is told, behind --");
  add_server_options(command, options->server);
  command.add_option("--model", options->model, "One that is served (default: the first)");
  command.add_flag("--print", options->print, "Print the command, and change and start nothing");
  command.add_flag("--anyway", options->anyway, "Also with a context that is too short for it");
  command.footer(
      "The agent is told by variables and arguments of this one start; no file is changed.\n"
      "\n"
      "Examples:\n"
      "  sanctum launch claude\n"
      "  sanctum launch codex --model qwen3-coder -- exec 'mend the failing test'\n"
      "  sanctum launch opencode --print\n"
      "\n" +
      exit_codes("the agent's own, or it was printed", "the model's context is too short for it"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
