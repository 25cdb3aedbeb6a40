// Whether a planned restart may begin: only when it would come up again. Thread rule: any thread.
#pragma once

#include <functional>
#include <string>

#include "serve/gateway_records.h"

namespace sanctum::serve {

inline constexpr std::uint64_t kRestartMemoryMin = 1ull << 30;  // bytes that can be had

class RestartPermission {
 public:
  // `begin` asks the keeper for it.
  RestartPermission(GatewayRecords& records, std::function<void()> begin)
      : records_(records), begin_(std::move(begin)) {}

  // Why it would not come up; empty when it was begun. `found`: what whoever asks has found wrong
  // just now; otherwise what the probes found last.
  // By the schedule: nobody is there to be told, so an incident stays open until one succeeds.
  std::string ask_by_schedule() { return ask({}, true); }
  // By a person, who is told; the record has it.
  std::string ask_by_hand(const std::string& found) { return ask(found, false); }

 private:
  std::string ask(const std::string& found, bool by_schedule);
  std::string objection() const;

  GatewayRecords& records_;
  const std::function<void()> begin_;
};

}  // namespace sanctum::serve
