// The JSON files of a model directory, as the text folder reads them.
//
// Errors: Error(kCorrupt) naming file and field for a file that is not what it should be.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace sanctum::text {

inline constexpr std::size_t kConfigBytesMax = 64u << 20;

// Calls `read` with the file's root object; false where the file does not exist.
bool read_json_object(const std::string& path, const std::function<void(const json::Node&)>& read);
// The text of a special token, which is a string or an object with "content"; nothing otherwise.
std::optional<std::string> token_text(const json::Node& node);

}  // namespace sanctum::text
