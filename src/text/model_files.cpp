#include "text/model_files.h"

#include "base/error.h"
#include "base/file.h"

namespace sanctum::text {

bool read_json_object(const std::string& path, const std::function<void(const json::Node&)>& read) {
  const std::optional<std::string> text = read_file_if_there(path, kConfigBytesMax);
  if (!text) return false;
  try {
    const json::Document document(*text);
    if (!document.root().is_object()) document.root().fail("expected an object");
    read(document.root());
  } catch (const Error& error) {
    const std::string where = error.field().empty() ? "" : ", field " + error.field();
    throw Error(ErrorCode::kCorrupt, path + where + ": " + error.what());
  }
  return true;
}

std::optional<std::string> token_text(const json::Node& node) {
  if (node.is_string()) return node.as_string();
  if (node.is_object() && node.has("content") && node.at("content").is_string()) {
    return node.at("content").as_string();
  }
  return std::nullopt;
}

}  // namespace sanctum::text
