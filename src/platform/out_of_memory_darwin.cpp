#include "platform/out_of_memory.h"

namespace sanctum::platform {

// Memory pressure ends processes here too, but nothing that a user may read counts it.
OutOfMemoryKills::OutOfMemoryKills(int, const std::string&) {}

std::optional<std::uint64_t> OutOfMemoryKills::count() const {
  return std::nullopt;
}

}  // namespace sanctum::platform
