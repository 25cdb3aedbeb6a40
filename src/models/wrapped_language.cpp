#include "models/wrapped_language.h"

#include <string_view>
#include <utility>

namespace sanctum::models {

std::optional<std::string> name_without_wrapper(const std::string& stored) {
  std::string name = stored;
  for (const std::string_view part : {"vision_tower.", "multi_modal_projector."})
    for (const std::string_view where : {"", "model."})
      if (name.starts_with(std::string(where) + std::string(part))) return std::nullopt;
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{"model.language_model.", "model."},
        {"language_model.", ""}}) {
    if (!name.starts_with(from)) continue;
    name.replace(0, from.size(), to);
    break;
  }
  return name;
}

}  // namespace sanctum::models
