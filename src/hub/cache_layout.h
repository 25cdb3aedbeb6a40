// The Hugging Face cache, as its own tools lay it out:
//
//   HUB/models--org--name/blobs/ETAG            what a file holds, named by its hash
//                        /snapshots/COMMIT/FILE a link to a blob
//                        /refs/main             a COMMIT
//   HUB/.locks/models--org--name/               who is at it
//
// What we write is found by those tools, and the other way round. Values; the file system is
// shared.
#pragma once

#include <string>
#include <vector>

namespace sanctum::hub {

inline constexpr std::size_t kCacheEntriesMax = 1000;  // that are looked at
inline constexpr const char* kMain = "main";           // what is meant where no revision is named

// "org/name"; no part begins with a '.'.
bool is_repository_name(const std::string& name);
// "name" alone, as models were called once ("gpt2"): they may lie here, but are pulled by org/name.
bool is_old_repository_name(const std::string& name);
// "`sanctum models pull org/name`" with `options`; of an old name with what a person has to add.
std::string pull_command(const std::string& name, const std::string& revision,
                         const std::string& options = {});
// hub/models--org--name.
std::string repository_directory(const std::string& name, const std::string& hub);
// hub/.locks/models--org--name.
std::string locks_directory(const std::string& name, const std::string& hub);
std::string snapshot_directory(const std::string& repository, const std::string& commit);
std::string blob_path(const std::string& repository, const std::string& blob);
std::string reference_path(const std::string& repository, const std::string& revision);

// 40 hexadecimal digits.
bool is_commit(const std::string& text);
// A branch, a tag or a commit: what may stand behind refs/. A branch may have slashes.
bool is_revision(const std::string& text);

// The commit that refs/REVISION names, or the revision itself where it is one; empty for none.
std::string cached_commit(const std::string& repository, const std::string& revision);
// Why there is a reference that names no commit: it may not be read, or holds something else; empty
// where there is none.
std::string reference_problem(const std::string& repository, const std::string& revision);
// The snapshot of `org/name` that refs/main names; empty when it is not there as a whole.
std::string cached_snapshot(const std::string& name, const std::string& hub);
// "org/name" of every model that was downloaded, or begun to be.
std::vector<std::string> cached_repositories(const std::string& hub);

bool has_config(const std::string& directory);  // a config.json

}  // namespace sanctum::hub
