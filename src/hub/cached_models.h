// What is downloaded, for a person to see.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sanctum::hub {

struct CachedModel {
  std::string name;              // "org/name"
  std::string directory;         // models--org--name
  std::string commit;            // that refs/main names; empty: none
  std::string snapshot;          // of it; empty: it is not there, or has no config.json
  std::string architecture;      // config.json's model_type; empty: not told
  std::uint64_t bytes = 0;       // of the snapshot's files
  std::uint64_t disk_bytes = 0;  // of all that lies in `directory`, what was begun included
  bool begun = false;            // something of it is loaded only in part
};

// config.json's model_type; empty where it is not told.
std::string architecture_in(const std::string& directory);
std::vector<CachedModel> cached_models(const std::string& cache);
CachedModel cached_model(const std::string& name, const std::string& cache);

}  // namespace sanctum::hub
