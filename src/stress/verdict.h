// Whether a stress run passed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stress/tally.h"

namespace sanctum::stress {

enum class Verdict { kPass = 0, kPartial = 1, kFail = 2 };  // the values are exit codes
std::string_view to_string(Verdict verdict);

struct Decision {
  Verdict verdict = Verdict::kFail;
  std::string reason;
};

// PASS: every pipeline served, and no error, wrong answer or crash. PARTIAL: every pipeline served,
// some errors (or the run was cut short), nothing wrong, no crash. FAIL otherwise.
Decision decide(const std::vector<Tally>& pipelines, std::uint64_t crashes, bool cut_short);

}  // namespace sanctum::stress
