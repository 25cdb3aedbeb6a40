// Takes a downloaded model away, or one revision of it.
//
// Contract: references go first, then snapshots, then blobs, so that what is left by a removal that
// was cut off is never taken for a model. Whoever calls has made sure that nobody serves it, and
// holds its lock. Links are not followed: what huggingface_hub shares between models stays.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::hub {

struct Removed {
  std::uint64_t bytes = 0;  // that the disk has again
  int shared = 0;           // blobs that lie in the store that huggingface_hub shares
};

// All of it. Throws Error(kUnavailable) with what could not be removed.
Removed remove_model(const std::string& repository);

// The snapshot that `revision` names, every reference to it, and the blobs that no other snapshot
// uses. Throws Error(kNotFound) where there is none.
Removed remove_revision(const std::string& repository, const std::string& revision);

}  // namespace sanctum::hub
