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
  ModelAbilities out{flag(entry, "vision"), flag(entry, "tools")};
  const auto sampling = entry.get("sampling");
  out.sampling = sampling && sampling->is_object() && !sampling->members().empty();
  return out;
}

}  // namespace

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
