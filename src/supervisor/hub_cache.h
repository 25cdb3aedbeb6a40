// The Hugging Face cache, as its own tools lay it out: models--org--name/{refs,snapshots}. Nothing
// is ever written there.
#pragma once

#include <string>
#include <vector>

namespace sanctum::supervisor {

inline constexpr std::size_t kCacheEntriesMax = 1000;  // that are looked at

// "org/name".
bool is_repository_name(const std::string& name);
// hub/models--org--name.
std::string repository_directory(const std::string& name, const std::string& hub);
// The snapshot of `org/name` that refs/main names; empty when it is not there as a whole.
std::string cached_snapshot(const std::string& name, const std::string& hub);
// "org/name" of every model that was downloaded, or begun to be.
std::vector<std::string> cached_repositories(const std::string& hub);

bool has_config(const std::string& directory);  // a config.json

}  // namespace sanctum::supervisor
