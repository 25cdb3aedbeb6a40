// Downloads a model: its list of files, those that are needed, a snapshot, and the reference to it.
//
// Contract: no two pulls, nor a pull and a removal, are at one model at a time; the second waits.
// What was loaded is kept whatever happens, and gone on from. Thread rule: blocks; `cancelled` may
// be set by any thread, a signal's handler too.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "hub/cache_layout.h"
#include "hub/progress.h"

namespace sanctum::hub {

inline constexpr int kParallelFiles = 4;
inline constexpr std::uint64_t kSpareBytes = 64ull << 20;  // of the disk, beside what is loaded

struct PullOptions {
  std::string model;  // "org/name"
  std::string revision = kMain;
  std::string endpoint;                    // places.h
  std::string token = {};                  // empty: none
  std::string cache;                       // the hub directory
  std::vector<std::string> patterns = {};  // of files; empty: what a model needs
  bool verify = false;  // reads what is there, too, and loads anew what is damaged
};

struct Pulled {
  std::string commit, snapshot;
  std::vector<std::string> paths;  // of its files, below the snapshot
  int files = 0;
  std::uint64_t bytes = 0;         // of all of them
  std::uint64_t bytes_loaded = 0;  // of those that this run loaded
};

// Throws Error for a person: kInvalid for options, kCancelled, and what failure_words.h says.
Pulled pull(const PullOptions& options, Progress& progress, const std::atomic<bool>& cancelled);

}  // namespace sanctum::hub
