#include "settings/probe_settings.h"

#include <algorithm>
#include <cctype>

namespace sanctum::settings {
namespace {

constexpr Range kEveryS{1, 86400};
constexpr Range kAfter{0, 1000};
constexpr const char* kProbes = "Probes";

// They have all their names from their key.
Setting of_probes(const std::string& key, int& value, Range range, const std::string& what,
                  const char* unit) {
  Setting setting{.key = key, .type = Number{&value, range}, .what = what};
  setting.flag = "--" + key;
  std::replace(setting.flag.begin(), setting.flag.end(), '_', '-');
  setting.variable = "SANCTUM_" + key;
  std::transform(setting.variable.begin(), setting.variable.end(), setting.variable.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  setting.unit = unit;
  setting.group = kProbes;
  return setting;
}

void add_track(std::vector<Setting>& all, const std::string& name, TrackSettings& track) {
  const auto add = [&](const char* key, int& value, Range range, const std::string& what,
                       const char* unit) {
    all.push_back(of_probes(name + key, value, range, what, unit));
  };
  add("_every_s", track.every_s, kEveryS, "Seconds between two runs of the probe '" + name + "'",
      "s");
  add("_again_s", track.again_s, kEveryS, "The same after a failure", "s");
  add("_limit_s", track.limit_s, kEveryS, "Seconds that one answer may take", "s");
  add("_warn_after", track.warn_after, kAfter, "Failures in a row that are told; 0: never", "");
  add("_act_after", track.act_after, kAfter, "Failures in a row that replace what fails; 0: never",
      "");
  add("_page_after", track.page_after, kAfter,
      "Failures in a row that a person has to see to; 0: never", "");
}

}  // namespace

std::vector<Setting> probe_settings(ProbeSettings& settings) {
  std::vector<Setting> all;
  add_track(all, "alive", settings.alive);
  add_track(all, "works", settings.works);
  add_track(all, "boots", settings.boots);
  all.push_back(of_probes("proof_age_max_s", settings.proof_age_max_s, kEveryS,
                          "Seconds for which a proof that a model works keeps /ready at 200", "s"));
  return all;
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

}  // namespace sanctum::settings
