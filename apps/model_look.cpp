#include "apps/model_look.h"

#include <optional>
#include <utility>

#include "apps/shell_word.h"
#include "base/error.h"
#include "catalog/gguf_outline.h"
#include "catalog/import_place.h"
#include "hub/cached_models.h"
#include "settings/path_words.h"

namespace sanctum {
LookedInto look_into(const std::string& name, const std::string& path, Instant until) {
  if (std::string why = settings::why_not_handed_on(path); !why.empty())
    return {{}, {false, std::move(why)}};
  try {
    std::optional<catalog::GgufOutline> outline;
    if (catalog::is_gguf(path)) outline.emplace(path);
    const std::string directory = outline ? outline->path() : path;
    LookedInto looked{hub::architecture_in(directory), servable(name, directory, until)};
    if (outline) looked.can.why = outline->as_told_of_file(looked.can.why);
    return looked;
  } catch (const Error& error) {
    return {{}, not_servable(error)};
  }
}

NextStep next_step(const std::string& name, const std::string& path) {
  const Servable can = look_into("it", path, Clock::now() + kLookedIntoMax).can;
  const std::string serve = "sanctum serve " + shell_word(name);
  if (!can.yes) return {true, serve + " (whether it can be served is not told: " + can.why + ")"};
  return *can.yes ? NextStep{true, serve} : NextStep{false, "it cannot be served: " + can.why};
}

}  // namespace sanctum
