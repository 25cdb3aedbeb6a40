// One blob, from a hub to its place in the cache.
//
// Contract: what stands at blob_path() afterwards has the length and the hash that the hub told for
// it. Until then its bytes are in `<blob>.incomplete`, which any later run goes on from, ours or a
// killed one's; damaged ones are thrown away. Thread rule: values beside each other on several
// threads, one blob each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "hub/failure_words.h"
#include "hub/fetch.h"
#include "hub/progress.h"

namespace sanctum::hub {

struct BlobWanted {
  std::string file;  // its path in the repository, for people
  std::string url;
  std::string commit;       // of which
  std::string blob;         // its name, a hash where the hub has one
  std::uint64_t bytes = 0;  // what it will have
};

struct BlobPlaces {
  std::string repository;  // hub/models--org--name
  std::string locks;       // hub/.locks/models--org--name
};

// Whether it is there with its length; `by_hash`: and with its content, which has to be read.
bool has_blob(const BlobPlaces& places, const BlobWanted& wanted, bool by_hash,
              const std::function<bool()>& cancelled);
// Bytes of it that were loaded before, and will not be again.
std::uint64_t bytes_begun(const BlobPlaces& places, const BlobWanted& wanted);

// `asked`: whom and for what, for messages. Tries again as retry_policy.h says, noting why. Throws
// Error when it is given up, Error(kCancelled) soon after `cancelled` says so. Returns how many of
// its bytes were loaded for it, those that were thrown away not twice.
std::uint64_t download_blob(Fetcher& fetcher, const BlobPlaces& places, const BlobWanted& wanted,
                            const Asked& asked, Progress& progress,
                            const std::function<bool()>& cancelled);

}  // namespace sanctum::hub
