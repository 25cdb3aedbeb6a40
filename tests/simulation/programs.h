// The engines' programs on the simulated disk, and what becomes of who runs them.
#pragma once

#include <map>
#include <string>

#include "supervisor/program_file.h"

namespace sanctum::simulation {

enum class Fate {
  kLives,
  kMissing,           // there is no such program
  kBadConfiguration,  // it exits at once, and says so
  kCrashes,           // while it loads
  kCrashesLate,       // the same, after minutes that get somewhere
};

class Programs {
 public:
  // Writes it, or writes it anew.
  void write(const std::string& name, Fate fate) { files_[name] = {fate, ++written_}; }
  Fate fate(const std::string& name) const {
    const auto found = files_.find(name);
    return found == files_.end() ? Fate::kMissing : found->second.fate;
  }
  supervisor::ProgramFile look(const std::string& name) const {
    const auto found = files_.find(name);
    if (found == files_.end() || found->second.fate == Fate::kMissing) return {};
    return {true, 1, 1, found->second.written};
  }
  void mend_all() {
    for (const auto& [name, file] : std::map(files_)) {
      if (file.fate != Fate::kLives) write(name, Fate::kLives);
    }
  }

 private:
  struct File {
    Fate fate = Fate::kLives;
    int written = 0;
  };
  std::map<std::string, File> files_;
  int written_ = 0;
};

}  // namespace sanctum::simulation
