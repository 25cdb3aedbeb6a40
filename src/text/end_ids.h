// Which token ids end a generation.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sanctum::text {

// Of generation_config.json, config.json (eos_token_id, a number or a list) and
// tokenizer_config.json (eos_token, looked up with `id_of`), without duplicates, in that order.
// Throws Error(kCorrupt) naming the file.
std::vector<int> read_end_ids(const std::string& directory,
                              const std::function<std::optional<int>(std::string_view)>& id_of);

}  // namespace sanctum::text
