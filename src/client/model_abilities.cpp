#include "client/model_abilities.h"

#include "base/error.h"
#include "base/json.h"
#include "client/chat_client.h"

namespace sanctum::client {
namespace {

std::optional<bool> flag(const json::Node& entry, const char* name) {
  const auto node = entry.get(name);
  return node ? std::optional<bool>(node->as_bool()) : std::nullopt;
}

ModelAbilities read(const json::Node& entry) {
  ModelAbilities out{flag(entry, "vision"), flag(entry, "tools"),
                     entry.as_string_or("no_chat", "")};
  const auto sampling = entry.get("sampling");
  out.sampling = sampling && sampling->is_object() && !sampling->members().empty();
  return out;
}

}  // namespace

std::string prompt_command(const std::string& url, const std::string& model) {
  json::Writer w;
  w.begin_object().field("model", model).field("prompt", "The capital of France is").end_object();
  std::string quoted;
  for (const char c : w.take()) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "curl " + url + "/v1/completions -H 'Content-Type: application/json' -d '" + quoted + "'";
}

std::string prompts_alone(const std::string& url, const std::string& model,
                          const std::string& no_chat) {
  return "'" + model + "' answers no chats: " + no_chat +
         "; it goes on with a prompt: " + prompt_command(url, model);
}

ModelAbilities abilities_of(std::string_view models_body, const std::string& model) {
  try {
    const json::Document document(models_body);
    for (const auto& entry : document.root().at("data").as_array(kModelsMax))
      if (entry.at("id").as_string() == model) return read(entry);
  } catch (const Error&) {
    return {};
  }
  return {};
}

}  // namespace sanctum::client
