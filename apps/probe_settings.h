// When the probes look, and how they escalate: every number has a key, a flag and a variable.
#pragma once

#include <string>
#include <vector>

#include "apps/ranges.h"
#include "probes/track.h"

namespace sanctum {

struct TrackSettings {
  int every_s, again_s, limit_s;
  int warn_after, act_after, page_after;  // failures in a row; 0: never
};

struct ProbeSettings {
  TrackSettings alive{60, 5, 5, 1, 3, 5};
  TrackSettings works{600, 30, 10, 1, 3, 5};
  TrackSettings boots{300, 300, 60, 1, 0, 3};
  int proof_age_max_s = 1500;
};

struct ProbeKey {
  std::string key;  // "alive_every_s"
  int* value;
  Range range;
  std::string what;
  std::string flag() const;  // "--alive-every-s"
};
// All of them, pointing into `settings`.
std::vector<ProbeKey> probe_keys(ProbeSettings& settings);

probes::TrackLimits track_limits(const TrackSettings& settings);

}  // namespace sanctum
