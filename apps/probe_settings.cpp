#include "apps/probe_settings.h"

#include <algorithm>

namespace sanctum {
namespace {

constexpr Range kEveryS{1, 86400};
constexpr Range kAfter{0, 1000};

void add_track(std::vector<ProbeKey>& keys, const std::string& name, TrackSettings& track) {
  keys.push_back({name + "_every_s", &track.every_s, kEveryS,
                  "Seconds between two runs of the probe '" + name + "'"});
  keys.push_back({name + "_again_s", &track.again_s, kEveryS, "The same after a failure"});
  keys.push_back({name + "_limit_s", &track.limit_s, kEveryS, "Seconds that one answer may take"});
  keys.push_back({name + "_warn_after", &track.warn_after, kAfter,
                  "Failures in a row that are told; 0: never"});
  keys.push_back({name + "_act_after", &track.act_after, kAfter,
                  "Failures in a row that replace what fails; 0: never"});
  keys.push_back({name + "_page_after", &track.page_after, kAfter,
                  "Failures in a row that a person has to see to; 0: never"});
}

}  // namespace

std::string ProbeKey::flag() const {
  std::string name = "--" + key;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::vector<ProbeKey> probe_keys(ProbeSettings& settings) {
  std::vector<ProbeKey> keys;
  add_track(keys, "alive", settings.alive);
  add_track(keys, "works", settings.works);
  add_track(keys, "boots", settings.boots);
  keys.push_back({"proof_age_max_s", &settings.proof_age_max_s, kEveryS,
                  "Seconds for which a proof that a model works keeps /ready at 200"});
  return keys;
}

probes::TrackLimits track_limits(const TrackSettings& settings) {
  using std::chrono::seconds;
  probes::TrackLimits limits;
  limits.every = seconds(settings.every_s);
  limits.again = seconds(settings.again_s);
  limits.limit = seconds(settings.limit_s);
  limits.warn_after = settings.warn_after;
  limits.act_after = settings.act_after;
  limits.page_after = settings.page_after;
  return limits;
}

}  // namespace sanctum
