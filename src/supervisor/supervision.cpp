#include "supervisor/supervision.h"

#include <algorithm>

namespace sanctum::supervisor {
namespace {

constexpr const char* kInstall = "`sanctum service install` writes it, with the arguments after --";
constexpr const char* kFix = "`sanctum doctor --fix` restores it";

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

void add_unit_findings(const SupervisionFacts& facts, Verdict& verdict) {
  const auto add = [&](bool fine, std::string what, std::string advice) {
    verdict.findings.push_back({fine, std::move(what), fine ? "" : std::move(advice)});
  };
  if (!facts.unit) {
    const std::string why = facts.unit_problem.empty() ? "is missing" : facts.unit_problem;
    return add(false, "the unit file " + facts.unit_path + " " + why,
               std::string(kFix) + "; without a backup, " + kInstall);
  }
  add(true, "the unit file " + facts.unit_path + " is there", "");
  add(facts.enabled, facts.enabled ? "it is enabled" : "it is not enabled",
      "it would not come back after a boot: `sanctum service install` enables it");
  add(facts.unit->restarts,
      facts.unit->restarts ? "it restarts what ends" : "it does not restart what ends",
      "`sanctum service install` writes a unit that does");
  if (facts.pid == 0) return;
  const bool same = facts.arguments == facts.unit->arguments;
  add(same,
      same ? "it starts what runs" : "it starts something else: " + joined(facts.unit->arguments),
      "what runs is: " + joined(facts.arguments) + "; a restart would change it");
}

}  // namespace

Verdict judge(const SupervisionFacts& facts) {
  Verdict verdict;
  if (facts.manager_answers || facts.unit) add_unit_findings(facts, verdict);
  if (!facts.manager_answers) {
    verdict.findings.push_back({false, "no service manager answers",
                                "what starts a server here, a container's restart policy or an "
                                "init script, has to start it again when it ends"});
  }
  if (facts.pid == 0) {
    verdict.summary = "nothing serves this state directory";
    return verdict;
  }
  const bool kept = facts.unit_pid == facts.pid;
  verdict.findings.push_back(
      {kept,
       kept ? "the service manager keeps process " + std::to_string(facts.pid)
            : "process " + std::to_string(facts.pid) +
                  " is kept by nobody (its parent is process " + std::to_string(facts.parent) + ")",
       kept || !facts.manager_answers ? "" : "`sanctum doctor --fix` hands it over"});
  verdict.supervised = std::all_of(verdict.findings.begin(), verdict.findings.end(),
                                   [](const auto& f) { return f.fine; });
  verdict.summary = verdict.supervised ? "process " + std::to_string(facts.pid) + " is supervised"
                    : kept             ? "process " + std::to_string(facts.pid) +
                                 " is supervised, and would not come back as it is"
                           : "process " + std::to_string(facts.pid) +
                                 " runs by coincidence: when it ends, nobody starts it again";
  return verdict;
}

}  // namespace sanctum::supervisor
