// Files by their content, once for all state directories of a user: a release is 90 MB, and every
// state directory has one.
//
// Contract: where the file system shares blocks, copies do, and the store stays empty. Elsewhere a
// copy is another name (a hard link) of the store's own file, which nobody else writes; never of
// the file that it was made from, which a build may write to. Where neither can be had it is a
// copy. Thread rule: any number of processes at once.
#pragma once

#include <string>

namespace sanctum::release {

class FileStore {
 public:
  // Empty: there is none.
  explicit FileStore(std::string directory) : directory_(std::move(directory)) {}

  // Makes `to`, which must not exist, the content of `from`, which is `sha256` (hexadecimal).
  // What the store has is believed: who places a file looks at it, and has it forgotten where it
  // is damaged. Throws Error(kUnavailable) naming the file.
  void place(const std::string& from, const std::string& sha256, const std::string& to) const;
  // The next one is made from its source. Whoever has the damaged one keeps it.
  void forget(const std::string& sha256) const;
  // Removes what no release has any more.
  void sweep() const;

 private:
  bool link_to(const std::string& from, const std::string& sha256, const std::string& to) const;

  const std::string directory_;
};

}  // namespace sanctum::release
