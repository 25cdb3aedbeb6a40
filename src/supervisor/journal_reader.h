// What the journal says, for people: read beside a server that runs, or after one that is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sanctum::supervisor {

struct IncidentRecord {
  std::string key, level, what;
  std::int64_t opened_us = 0;
  std::optional<std::int64_t> closed_us;
  std::string how;  // it was closed
  std::int64_t times = 1;
};

// The newest first, those that are open before all; at most `rows`. Empty without a journal; throws
// Error(kCorrupt) for one that cannot be read.
std::vector<IncidentRecord> read_incidents(const std::string& state_directory, int rows);

}  // namespace sanctum::supervisor
