// What is done with what probes found: the record, an incident for each check, and, at the end of a
// ladder, an act. Thread rule: any thread.
//
// Of 'boots', each check is an error at its first failure: nothing else will tell before the
// restart that it would have prevented.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "probes/check.h"
#include "probes/track.h"
#include "supervisor/incidents.h"
#include "supervisor/journal.h"

namespace sanctum::serve {

class ProbeReport {
 public:
  // Called on the probes' threads; may take seconds.
  struct Hooks {
    std::function<void(const std::string& probe, const probes::Check& check)> act = {};
    std::function<void(const std::string& probe, Instant began,
                       const std::vector<probes::Check>& checks,
                       const std::vector<supervisor::Incident>& open)>
        tell = {};
  };
  ProbeReport(const std::string& state_directory, Hooks hooks);

  // Each check has a track and an incident of its own. Returns when the probe is to run next.
  Instant run_ended(const std::string& probe, Instant began,
                    const std::vector<probes::Check>& checks, const std::string& label,
                    const supervisor::MemoryThen& memory, const probes::TrackLimits& limits);
  // Of a probe that gets nowhere itself.
  void stuck(const std::string& probe, const std::string& what);
  void unstuck(const std::string& probe);
  // It was found damaged, moved aside, and begun anew.
  void state_file_damaged(const std::string& name, const std::string& moved_to);

 private:
  const Hooks hooks_;
  supervisor::Incidents incidents_;
  supervisor::Journal journal_;
  std::mutex mutex_;  // guards what is below
  std::map<std::string, probes::TrackState> tracks_;
};

}  // namespace sanctum::serve
