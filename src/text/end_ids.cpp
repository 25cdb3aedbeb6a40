#include "text/end_ids.h"

#include <algorithm>
#include <limits>

#include "text/model_files.h"

namespace sanctum::text {
namespace {

constexpr int kIdMax = std::numeric_limits<int>::max();

void add(std::vector<int>& ids, int id) {
  if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

// False where the object says nothing about it.
bool add_eos(std::vector<int>& ids, const json::Node& object) {
  if (!object.has("eos_token_id") || object.at("eos_token_id").is_null()) return false;
  const json::Node eos = object.at("eos_token_id");
  if (!eos.is_array()) {
    add(ids, static_cast<int>(eos.as_int(0, kIdMax)));
    return true;
  }
  for (const json::Node& id : eos.as_array()) add(ids, static_cast<int>(id.as_int(0, kIdMax)));
  return true;
}

}  // namespace

std::vector<int> read_end_ids(const std::string& directory,
                              const std::function<std::optional<int>(std::string_view)>& id_of) {
  std::vector<int> ids;
  read_json_object(directory + "/generation_config.json",
                   [&](const json::Node& root) { add_eos(ids, root); });
  read_json_object(directory + "/config.json", [&](const json::Node& root) {
    // Vision models keep it with the language model.
    if (!add_eos(ids, root) && root.has("text_config") && root.at("text_config").is_object()) {
      add_eos(ids, root.at("text_config"));
    }
  });
  read_json_object(directory + "/tokenizer_config.json", [&](const json::Node& root) {
    if (!root.has("eos_token")) return;
    const std::optional<std::string> token = token_text(root.at("eos_token"));
    const std::optional<int> id = token ? id_of(*token) : std::nullopt;
    if (id) add(ids, *id);
  });
  return ids;
}

}  // namespace sanctum::text
