// What one pipeline of a stress run came to. Pure.
//
// Thread rule: a Tally belongs to whoever holds its lock; nothing here locks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stress/latency.h"
#include "stress/stress_task.h"

namespace sanctum::stress {

inline constexpr std::size_t kFailuresKept = 5;
inline constexpr std::size_t kFailureCharactersMax = 200;

struct Failure {
  double at_s = 0;  // since the start of the run
  std::string text;
};

struct Tally {
  Pipeline pipeline = Pipeline::kText;
  std::uint64_t ok = 0;
  std::uint64_t streamed = 0;  // part of ok
  std::uint64_t errors = 0;
  std::uint64_t wrong = 0;
  std::uint64_t refused = 0;  // 429 answers; one request may be refused many times
  std::uint64_t tokens = 0;
  Latency latency;  // of right answers
  std::optional<double> first_failure_s;
  std::vector<Failure> failures;  // the first kFailuresKept

  // `at_s` is when the answer came. kCancelled counts nothing.
  void add(bool streamed_answer, const client::Answer& answer, const Judgement& judgement,
           double at_s);
  // An error that is no answer's of the load: of a question that was asked alone.
  void error(const std::string& text, double at_s);
  // A request that was refused until it was given up.
  void give_up(const std::string& text, double at_s);

 private:
  void fail(const std::string& text, double at_s);
};

}  // namespace sanctum::stress
