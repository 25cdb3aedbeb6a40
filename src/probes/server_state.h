// What probes need of a server's /status: which processes answer, and which models are loaded.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "client/http.h"

namespace sanctum::probes {

struct LoadedModel {
  std::string name;
  std::string directory;
  bool vision = false;
  bool same_under_load = false;
  std::uint64_t weight_bytes = 0;
  std::string numbers = {};  // as the engine tells them
  bool tools = true;         // its template knows of them
  std::string no_chat = {};  // why it answers prompts alone; empty where it answers chats
};

struct FailedModel {
  std::string name, why;
};

struct ServerState {
  std::int64_t pid = 0;         // of the gateway
  std::int64_t engine_pid = 0;  // 0: there is none
  std::vector<LoadedModel> loaded;
  std::vector<FailedModel> failed;  // to load
  bool loading = false;             // a model, now
};

// Throws Error(kCorrupt) for a document that is no status.
ServerState read_server_state(const json::Document& status);
// Throws the same, and Error(kUnavailable) when it does not answer.
ServerState ask_server_state(client::Connection& connection, std::chrono::milliseconds limit);

}  // namespace sanctum::probes
