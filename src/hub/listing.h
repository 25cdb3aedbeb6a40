// What a hub has of a model, asked of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hub/download.h"
#include "hub/file_list.h"

namespace sanctum::hub {

// The list of a revision's files. Throws as read_file_list and failure_of do; a hub that cannot be
// reached at all is not waited for.
RemoteList fetch_list(Fetcher& fetcher, const Asked& asked, Progress& progress,
                      const std::function<bool()>& cancelled);

// The blob of each file; those of which the list does not tell name and length are asked for.
// Throws Error(kCorrupt) for a hub that does not tell them, or a name that is none.
std::vector<BlobWanted> wanted_blobs(Fetcher& fetcher, const Asked& asked,
                                     const std::string& commit,
                                     const std::vector<RemoteFile>& files, Progress& progress,
                                     const std::function<bool()>& cancelled);

}  // namespace sanctum::hub
