#include "serve/probe_report.h"

#include <algorithm>

#include "base/log.h"

namespace sanctum::serve {
namespace {

std::string level_of(const std::string& probe, probes::Rung rung) {
  if (rung == probes::Rung::kPage) return "page";
  return rung == probes::Rung::kAct || probe == "boots" ? "error" : "warn";
}

}  // namespace

ProbeReport::ProbeReport(const std::string& state_directory, Hooks hooks)
    : hooks_(std::move(hooks)),
      incidents_([this](supervisor::JournalRow row) { journal_.record(std::move(row)); }),
      journal_(state_directory, [this](const supervisor::JournalTrouble& trouble) {
        if (!trouble.moved_to.empty()) state_file_damaged("journal", trouble.moved_to);
      }) {
  journal_.record(supervisor::StartedAnew{true});
  if (!journal_.moved_aside().empty()) state_file_damaged("journal", journal_.moved_aside());
}

Instant ProbeReport::run_ended(const std::string& probe, Instant began,
                               const std::vector<probes::Check>& checks, const std::string& label,
                               const supervisor::MemoryThen& memory,
                               const probes::TrackLimits& limits) {
  Instant next = Clock::now() + limits.every;
  for (const auto& check : checks) {
    const std::string& why = check.label.empty() ? label : check.label;
    const std::string key = "probe." + probe + "." + check.name;
    probes::TrackDecision decision;
    {
      const std::lock_guard lock(mutex_);
      auto& track = tracks_[key];
      probes::TrackLimits its_own = limits;
      if (!check.may_act) its_own.act_after = 0;
      decision = probes::run_ended(track, {check.passed, why}, Clock::now(), its_own);
      next = std::min(next, track.next);
    }
    journal_.record(supervisor::ProbeChecked{probe, check.name, check.passed, check.took_us,
                                             check.detail, why, memory});
    if (check.passed) {
      incidents_.close(key, check.detail);
    } else if (decision.rung >= probes::Rung::kWarn) {
      incidents_.open(
          key, level_of(probe, decision.rung),
          check.name + ": " + check.detail + (why.empty() ? "" : " (while " + why + ")"));
    }
    if (!decision.act || !hooks_.act || check.name == probes::kProbeItself) continue;
    log::error("probe_acts", {{"probe", probe}, {"check", check.name}, {"detail", check.detail}});
    hooks_.act(probe, check);
  }
  if (hooks_.tell) hooks_.tell(probe, began, checks, incidents_.list());
  return next;
}

void ProbeReport::stuck(const std::string& probe, const std::string& what) {
  incidents_.open("probe." + probe, "page", "the probe '" + probe + "' itself: " + what);
}

void ProbeReport::unstuck(const std::string& probe) {
  incidents_.close("probe." + probe, "it gets on again");
}

void ProbeReport::state_file_damaged(const std::string& name, const std::string& moved_to) {
  incidents_.open(supervisor::kProbeKeys + ("damaged." + name), "error",
                  "a file of the " + name + " was damaged; it lies in " + moved_to +
                      ", and a new one was begun");
}

}  // namespace sanctum::serve
