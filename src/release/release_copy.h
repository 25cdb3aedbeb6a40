// The running release's own copy: what a restart starts from, whatever happens to the files that
// `serve` was started from.
//
//   releases/<id>/bin/sanctum, bin/sanctum-engine, lib/..., share/..., manifest.json, manifest.sig
//
// Contract: a copy is complete or not there: it is made beside, verified, and renamed. The files
// are copies, never hard links of those that they were made from (file_store.h). What a power cut
// leaves torn does not verify, and is made again. Thread rule: one at a time; who comes second
// waits for kReleaseWaitMax at most.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "release/file_store.h"

namespace sanctum::release {

// The newest; an older one's disk space is freed, unless somebody executes from it.
inline constexpr std::size_t kReleasesKept = 3;
inline constexpr std::chrono::seconds kReleaseWaitMax{60};

struct ReleaseSource {
  std::string path;
  std::string name;  // in the release
};

// Makes the copy if there is none that verifies; returns its directory. `keys`: where release.key
// is. Throws Error naming the file.
std::string keep_release(const std::string& releases, const std::string& version,
                         const std::vector<ReleaseSource>& sources, const std::string& keys,
                         const FileStore& store = FileStore({}));

// releases/current, through which a service manager starts what was kept last: a link that is
// replaced in one step.
std::string current_release(const std::string& releases);
// Throws Error(kUnavailable).
void make_current(const std::string& releases, const std::string& release);

struct FileFound {
  std::string name;
  std::string damage;  // "... is missing"; empty for a file that is as it was signed
};
// Every file of the manifest, by name. Throws Error(kCorrupt) when the manifest itself is not to be
// believed.
std::vector<FileFound> examine_release(const std::string& release, const std::string& keys);
// Throws Error(kCorrupt) naming the first file that is missing or not as it was signed.
void verify_release(const std::string& release, const std::string& keys);

}  // namespace sanctum::release
