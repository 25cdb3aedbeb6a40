// Whether a downloaded model is whole: every file there, with the content that its name promises,
// and all that its own lists name. Nobody is asked; all of it is read. Nothing is changed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sanctum::hub {

struct Finding {
  std::string file;  // in the snapshot; empty: the snapshot itself
  std::string what;
};

struct Checked {
  std::string commit, snapshot;
  int files = 0;
  int hashed = 0;  // of them; the others' names tell no hash
  std::uint64_t bytes = 0;
  std::vector<Finding> findings;  // none: it is whole
};

// `repository`: models--org--name. `go_on` is asked now and then, with the bytes that were read
// since the last time. Throws Error(kNotFound) where that revision was never downloaded,
// Error(kCancelled) once `go_on` says no.
Checked check_model(const std::string& repository, const std::string& revision,
                    const std::function<bool(std::uint64_t)>& go_on);

// The files of a snapshot, relative to it, in order of their names. Links that lead nowhere are
// among them.
std::vector<std::string> snapshot_files(const std::string& snapshot);

}  // namespace sanctum::hub
