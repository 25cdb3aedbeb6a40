#include "engine/finish_reason.h"

namespace sanctum::engine {

using wire::FinishReason;

FinishReason finish_reason(const AnswerEnd& end) {
  if (end.failed) return FinishReason::kError;
  const FinishReason reason = end.stop_string ? FinishReason::kStop : end.of_tokens;
  if (end.calls == 0 || reason != FinishReason::kStop) return reason;
  // Half a call must not be taken for a whole one, whatever ended it.
  return end.call_cut ? FinishReason::kLength : FinishReason::kToolCalls;
}

}  // namespace sanctum::engine
