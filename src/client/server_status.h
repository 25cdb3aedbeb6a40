// What a server says about itself, read for people and scripts.
//
// Contract: readiness is /ready where a server has one, else a model in /v1/models; the rest comes
// from Sanctum's /status where it exists. Reading is lenient: what is missing is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/chat_client.h"

namespace sanctum::client {

enum class Readiness { kReady, kUp, kUnreachable };
// "ready", "up, not ready", "unreachable".
std::string_view to_string(Readiness readiness);

struct ServerStatus {
  std::string url;
  Readiness readiness = Readiness::kUnreachable;
  std::string reason;  // why it is not ready, in the server's own words where it has any
  std::string wrong;   // though it is ready (wrong_all_the_same)
  std::vector<std::string> models;
  std::optional<bool> is_sanctum;  // nothing where it does not let us see
  std::string status_json;         // the body of /status; empty on servers that have none
};

// What one GET came to, for deciding.
struct Probe {
  Ending ending = Ending::kUnreachable;
  int status = 0;
  std::string body;
  std::string message;
};

Readiness readiness_of(const Probe& ready, const Probe& models, std::size_t model_count);
// Asks the three addresses. Never throws for what the server does.
ServerStatus ask_status(ChatClient& client);

// The scalar members of a JSON object, nested ones as "engine.restarts", at most kRowsMax of them.
inline constexpr std::size_t kRowsMax = 5000;
std::vector<std::pair<std::string, std::string>> flattened(std::string_view json_object);

// Of a /status body, each model that could not be loaded, and why.
struct FailedModel {
  std::string name, why;
};
std::vector<FailedModel> failed_models(std::string_view status_body);
// What of a server that is ready is wrong all the same, in words: models that could not be loaded,
// incidents of level error and page that are open. Empty for nothing.
std::string wrong_all_the_same(std::string_view status_body);

// `engine.restarts` of a /status body; nothing where it is not told.
std::optional<std::int64_t> engine_restarts(std::string_view status_body);

}  // namespace sanctum::client
