#include "stress/verdict.h"

namespace sanctum::stress {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "PASS";
    case Verdict::kPartial:
      return "PARTIAL";
    case Verdict::kFail:
      return "FAIL";
  }
  return "FAIL";
}

Decision decide(const std::vector<Tally>& pipelines, std::uint64_t crashes, bool cut_short) {
  std::uint64_t errors = 0;
  std::uint64_t wrong = 0;
  std::string unserved;
  for (const auto& tally : pipelines) {
    errors += tally.errors;
    wrong += tally.wrong;
    if (tally.ok == 0) unserved += " " + std::string(to_string(tally.pipeline));
  }
  if (crashes > 0) return {Verdict::kFail, std::to_string(crashes) + " crashes"};
  if (wrong > 0) return {Verdict::kFail, std::to_string(wrong) + " wrong answers"};
  if (pipelines.empty()) return {Verdict::kFail, "nothing was asked"};
  if (!unserved.empty()) return {Verdict::kFail, "no right answer from:" + unserved};
  if (errors > 0) return {Verdict::kPartial, std::to_string(errors) + " errors, nothing wrong"};
  if (cut_short) return {Verdict::kPartial, "stopped before its time, nothing wrong until then"};
  return {Verdict::kPass, "every answer right"};
}

}  // namespace sanctum::stress
