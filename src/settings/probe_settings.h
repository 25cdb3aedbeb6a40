// When the probes look, and how they escalate.
#pragma once

#include <vector>

#include "probes/track.h"
#include "settings/setting.h"

namespace sanctum::settings {

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

// All of them, bound to `settings`.
std::vector<Setting> probe_settings(ProbeSettings& settings);

probes::TrackLimits track_limits(const TrackSettings& settings);

}  // namespace sanctum::settings
