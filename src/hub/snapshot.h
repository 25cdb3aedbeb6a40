// A snapshot: names of files as links to blobs.
//
// Contract: files appear in a snapshot only when their blobs are whole, all at once where the
// snapshot is new, config.json last where it was begun by others; the reference to it is written
// after that. One writer at a time (the model's lock).
#pragma once

#include <string>
#include <vector>

namespace sanctum::hub {

struct SnapshotFile {
  std::string path;  // safe (file_list.h)
  std::string blob;
};

// Throws Error(kUnavailable) with the disk's reason.
void write_snapshot(const std::string& repository, const std::string& commit,
                    const std::vector<SnapshotFile>& files);

// Nothing to do where the revision is the commit itself.
void write_reference(const std::string& repository, const std::string& revision,
                     const std::string& commit);

// "../../blobs/BLOB" as seen from the file `path` of a snapshot.
std::string link_target(const std::string& path, const std::string& blob);

}  // namespace sanctum::hub
