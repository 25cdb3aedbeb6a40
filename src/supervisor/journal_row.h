// What the journal records, and how it lies in the tables. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "wire/messages.h"

namespace SQLite {
class Database;
}

namespace sanctum::supervisor {

// Something that happened to something: ("worker", "engine", "wedged", "it made no progress ...").
struct Happening {
  std::string kind;
  std::string subject;
  std::string what;
  std::string cause;
};

// A request, when it is accepted and when it has ended.
struct RequestBegun {
  std::string id, api, model;
  bool stream = false;
  std::string key = {};          // the name of the API key that it showed; empty without one
  std::string certificate = {};  // the subject of the client's; empty without one
  std::string ignored = {};      // fields that were; empty for none
};
struct RequestEnded {
  std::string id;
  int status = 0;  // HTTP; 499 when the client had left
  int interruptions = 0;
  std::int64_t total_us = 0;
  wire::Completed completed;
};

// Something is wrong, or no longer. Of each key one incident is open at most: another opening
// counts as the same one and replaces its words.
struct IncidentOpened {
  std::string key;    // "worker.parked"
  std::string level;  // warn, error, page
  std::string what;
};
struct IncidentClosed {
  std::string key;
  std::string how;
};

// A process has begun that opens incidents: those that the one before it left open are over, and
// are opened again if they are not. The probes' keys begin with kProbeKeys, and are the probes'
// own.
struct StartedAnew {
  bool probes = false;
};
inline constexpr const char* kProbeKeys = "probe.";

// The machine's memory when something was measured.
struct MemoryThen {
  std::uint64_t available_bytes = 0;
  std::uint64_t pages_swapped = 0;      // meanwhile
  std::optional<double> stall_percent;  // of the last ten seconds, that some task waited for it
};

// One run of one check of a probe.
struct ProbeChecked {
  std::string probe;  // alive, works, boots
  std::string check;
  bool passed = false;
  std::int64_t took_us = 0;
  std::string detail;  // timings of its phases, why it failed
  std::string label;   // "swapping", "planned restart"; empty for none
  MemoryThen memory;
};

using JournalRow = std::variant<Happening, RequestBegun, RequestEnded, IncidentOpened,
                                IncidentClosed, StartedAnew, ProbeChecked>;

// These throw SQLite::Exception. `at_us`: microseconds of Unix time.
void make_tables(SQLite::Database& database);
void insert(SQLite::Database& database, std::int64_t at_us, const JournalRow& row);
// Deletes all but the newest `rows` of each table; what is still open stays.
void prune(SQLite::Database& database, std::int64_t rows);
// Those of processes that are no more; they are told once.
std::vector<RequestBegun> take_unanswered(SQLite::Database& database);

}  // namespace sanctum::supervisor
