// Coding agents, and how each is told to use this server: by variables and arguments alone, so that
// no file of the person's is changed.
//
// To add one: a row in agents.cpp. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sanctum::client {

// What it will get.
struct AgentServer {
  std::string url;    // without a trailing slash and without /v1
  std::string key;    // any word where the server wants none
  std::string model;  // by its name there
  int context_tokens = 0;
  int reported_tokens = 0;     // of it, as the server counts for agents (--reported-context)
  bool cut_by_memory = false;  // the model's own is longer
  bool tools = true;           // it knows of them
};

struct AgentCommand {
  std::vector<std::string> words;                                // the program and its arguments
  std::vector<std::pair<std::string, std::string>> environment;  // beside the person's own
};

struct Agent {
  std::string_view name;     // "claude": what it is called here
  std::string_view title;    // "Claude Code"
  std::string_view install;  // the command that does
  // What its first request takes, as it was measured; 0: it was not.
  int prompt_tokens;
  AgentCommand (*command)(const AgentServer& server);
  bool needs_tools = true;
};

std::span<const Agent> agents();
// Null for none of that name.
const Agent* find_agent(std::string_view name);

}  // namespace sanctum::client
