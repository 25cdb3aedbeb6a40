#include "client/server_status.h"

#include <set>

#include "base/error.h"
#include "base/json.h"
#include "client/printable.h"

namespace sanctum::client {
namespace {

constexpr std::size_t kReasonCharactersMax = 1000;

Probe probe(ChatClient& client, const std::string& path) {
  auto reply = client.get(path);
  return {reply.ending, reply.status, std::move(reply.body), std::move(reply.message)};
}

bool answered(const Probe& probe, int status) {
  return probe.ending == Ending::kAnswered && probe.status == status;
}

std::vector<std::string> model_names(const Probe& models) {
  std::vector<std::string> names;
  if (!answered(models, 200)) return names;
  try {
    const json::Document document(models.body);
    for (const auto& model : document.root().at("data").as_array(kModelsMax)) {
      names.push_back(model.at("id").as_string());
    }
  } catch (const Error&) {
    names.clear();
  }
  return names;
}

bool is_json_object(const std::string& text) {
  try {
    return json::Document(text).root().is_object();
  } catch (const Error&) {
    return false;
  }
}

// By what /status answers: nobody else's tells of an engine.
std::optional<bool> is_sanctum(const Probe& details) {
  if (details.ending != Ending::kAnswered || details.status == 401 || details.status == 403 ||
      details.status >= 500)
    return std::nullopt;
  return details.status == 200 && engine_restarts(details.body).has_value();
}

std::string reason_in(const Probe& probe) {
  if (probe.ending != Ending::kAnswered) return probe.message;
  for (const auto& [name, value] : flattened(probe.body)) {
    if (name == "reason" || name == "error.message" || name == "message") return value;
  }
  return printable_line(probe.body, kReasonCharactersMax);
}

std::string shown(const json::Node& scalar) {
  if (scalar.is_string()) return scalar.as_string();
  return scalar.is_number() ? json::number(scalar.as_double()) : scalar.dump();
}

void flatten(const json::Node& node, const std::string& name,
             std::vector<std::pair<std::string, std::string>>& rows) {
  if (rows.size() >= kRowsMax) return;
  if (node.is_object()) {
    for (const auto& [key, member] : node.members()) {
      std::string path = name.empty() ? key : name;
      if (!name.empty()) path.append(".").append(key);
      flatten(member, path, rows);
    }
  } else if (node.is_array()) {
    const auto items = node.as_array();
    for (std::size_t i = 0; i < items.size(); ++i) {
      flatten(items[i], name + "[" + std::to_string(i) + "]", rows);
    }
  } else if (!node.is_null()) {
    rows.emplace_back(name, shown(node));
  }
}

}  // namespace

std::string_view to_string(Readiness readiness) {
  switch (readiness) {
    case Readiness::kReady:
      return "ready";
    case Readiness::kUp:
      return "up, not ready";
    case Readiness::kUnreachable:
      return "unreachable";
  }
  return "unknown";
}

Readiness readiness_of(const Probe& ready, const Probe& models, std::size_t model_count) {
  if (answered(ready, 200) && is_json_object(ready.body)) return Readiness::kReady;
  // A server without /ready is ready when it has something to serve.
  if (answered(ready, 200) || answered(ready, 404) || answered(ready, 405)) {
    return answered(models, 200) && model_count > 0 ? Readiness::kReady : Readiness::kUp;
  }
  const bool any = ready.ending == Ending::kAnswered || models.ending == Ending::kAnswered;
  return any ? Readiness::kUp : Readiness::kUnreachable;
}

ServerStatus ask_status(ChatClient& client) {
  ServerStatus status;
  status.url = client.endpoint().url;
  const auto ready = probe(client, "/ready");
  if (ready.ending == Ending::kUnreachable) {
    status.reason = unreachable_advice(client.endpoint(), ready.message);
    return status;
  }
  const auto models = probe(client, "/v1/models");
  status.models = model_names(models);
  status.readiness = readiness_of(ready, models, status.models.size());
  const auto details = probe(client, "/status");
  if (answered(details, 200) && is_json_object(details.body)) status.status_json = details.body;
  status.is_sanctum = is_sanctum(details);
  if (status.readiness != Readiness::kReady) {
    status.reason = reason_in(answered(ready, 404) ? models : ready);
  } else if (status.wrong = wrong_all_the_same(status.status_json); !status.wrong.empty()) {
    status.reason = "what is ready answers, and something is wrong: " + status.wrong;
  } else if (answered(details, 401)) {
    status.reason = client.endpoint().bearer.empty()
                        ? "it tells no more without an API key" + std::string(kKeyAdvice)
                        : "it tells no more: " + reason_in(details);
  }
  return status;
}

std::vector<std::pair<std::string, std::string>> flattened(std::string_view json_object) {
  std::vector<std::pair<std::string, std::string>> rows;
  try {
    const json::Document document(json_object);
    if (document.root().is_object()) flatten(document.root(), "", rows);
  } catch (const Error&) {
    rows.clear();
  }
  return rows;
}

std::vector<FailedModel> failed_models(std::string_view status_body) {
  std::vector<FailedModel> failed;
  try {
    const json::Document document(status_body);
    for (const auto& model : document.root().at("models").as_array(kModelsMax)) {
      if (model.as_string_or("state", "") != "failed") continue;
      const auto failure = model.get("failure");
      failed.push_back({model.at("model").as_string(), failure && failure->is_object()
                                                           ? failure->as_string_or("message", "")
                                                           : ""});
    }
  } catch (const Error&) {
    return {};
  }
  return failed;
}

std::string wrong_all_the_same(std::string_view status_body) {
  std::string wrong;
  std::set<std::string> told;  // incidents of what is said already
  for (const auto& model : failed_models(status_body)) {
    wrong += (wrong.empty() ? "" : ", ") + model.name;
    told.insert("model." + model.name);
  }
  if (!wrong.empty()) wrong = "could not be loaded: " + wrong;
  std::string incidents;
  try {
    const json::Document document(status_body);
    for (const auto& incident : document.root().at("incidents").as_array(kRowsMax)) {
      const std::string level = incident.as_string_or("level", "");
      const std::string key = incident.as_string_or("key", "");
      if ((level == "error" || level == "page") && !told.contains(key))
        incidents += (incidents.empty() ? "" : ", ") + key;
    }
  } catch (const Error&) {
    incidents.clear();
  }
  if (!incidents.empty()) wrong += (wrong.empty() ? "" : "; ") + ("open: " + incidents);
  return wrong;
}

std::optional<std::int64_t> engine_restarts(std::string_view status_body) {
  try {
    const json::Document document(status_body);
    const auto engine = document.root().get("engine");
    if (!engine || !engine->is_object()) return std::nullopt;
    const auto restarts = engine->get("restarts");
    if (!restarts) return std::nullopt;
    return restarts->as_int(0);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace sanctum::client
