// What is downloaded, for a person to see: each model once for each revision of it that is here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hub/repository_kind.h"

namespace sanctum::hub {

struct CachedModel {
  std::string name;       // "org/name"
  std::string revision;   // a branch or a tag; a commit where none names it; empty: none
  std::string directory;  // models--org--name
  std::string commit;     // that the revision names; empty: none
  std::string snapshot;   // of it; empty: nothing of it is there
  RepositoryKind kind = RepositoryKind::kOther;  // by the snapshot's files
  std::vector<std::string> files = {};           // of the snapshot
  std::string architecture;                      // config.json's model_type; empty: not told
  std::uint64_t bytes = 0;                       // of the snapshot's files
  std::uint64_t disk_bytes = 0;  // of all that lies in `directory`, what was begun included
  bool begun = false;            // something of it is loaded only in part: a pull goes on
  std::string missing = {};      // a file of the snapshot that links to nothing: a pull loads it
  std::string problem = {};      // why nothing, or not all, of it can be looked at

  bool is_main() const;  // what serve and check mean by the name alone
};

// config.json's model_type; empty where it is not told.
std::string architecture_in(const std::string& directory);
std::vector<CachedModel> cached_models(const std::string& cache);
// The revisions of one, main first; one without a revision where nothing of it is whole.
std::vector<CachedModel> cached_revisions(const std::string& name, const std::string& cache);
// "main, v1": those that are here, by the names that a person gave.
std::string revisions_here(const std::string& repository);

}  // namespace sanctum::hub
