#include "engine/script.h"

#include "base/file.h"
#include "base/json.h"

namespace sanctum::engine {
namespace {

constexpr std::size_t kScriptBytesMax = 4 << 20;
constexpr std::size_t kLinesMax = 1024;

}  // namespace

Script::Script(const std::string& path) {
  const json::Document document(read_file(path, kScriptBytesMax), "SANCTUM_SCRIPT");
  for (const auto& line : document.root().as_array(kLinesMax)) {
    line.only({"when", "say"});
    lines_.push_back({line.at("when").as_string(), line.at("say").as_string()});
  }
}

const std::string* Script::answer_to(std::string_view prompt) const {
  for (const Line& line : lines_)
    if (prompt.find(line.when) != std::string_view::npos) return &line.say;
  return nullptr;
}

}  // namespace sanctum::engine
