#include "stress/tally.h"

#include "client/printable.h"

namespace sanctum::stress {

void Tally::add(bool streamed_answer, const client::Answer& answer, const Judgement& judgement,
                double at_s) {
  switch (judgement.finding) {
    case Finding::kOk:
      ++ok;
      streamed += streamed_answer ? 1 : 0;
      tokens += static_cast<std::uint64_t>(
          answer.completion_tokens.value_or(static_cast<std::int64_t>(answer.arrivals.size())));
      latency.add(microseconds_between(answer.sent, answer.ended));
      break;
    case Finding::kWrong:
      ++wrong;
      fail("wrong answer: " + judgement.text, at_s);
      break;
    case Finding::kError:
      error(judgement.text, at_s);
      break;
    case Finding::kRefused:
      ++refused;
      break;
    case Finding::kCancelled:
      break;
  }
}

void Tally::error(const std::string& text, double at_s) {
  ++errors;
  fail(text, at_s);
}

void Tally::give_up(const std::string& text, double at_s) {
  error("refused until given up: " + text, at_s);
}

void Tally::fail(const std::string& text, double at_s) {
  if (!first_failure_s) first_failure_s = at_s;
  if (failures.size() < kFailuresKept) {
    failures.push_back({at_s, client::printable_line(text, kFailureCharactersMax)});
  }
}

}  // namespace sanctum::stress
