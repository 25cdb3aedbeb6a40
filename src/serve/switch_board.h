// The kill switches of a running server: kept on disk, told to the engine, recorded. Thread rule:
// any thread.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "gateway/admission.h"
#include "serve/gateway_records.h"
#include "supervisor/worker.h"
#include "wire/switches.h"

namespace sanctum::serve {

class SwitchBoard {
 public:
  SwitchBoard(std::string state_directory, supervisor::Worker& worker, gateway::Gate& gate,
              GatewayRecords& records);

  wire::Switches now() const;
  // Throws Error(kInvalid) for a name that is none, and what the disk throws.
  void set(std::string_view name, bool on);

 private:
  void apply(const wire::Switches& switches);

  const std::string state_;
  supervisor::Worker& worker_;
  gateway::Gate& gate_;
  GatewayRecords& records_;
  mutable std::mutex mutex_;  // guards the next
  wire::Switches switches_;
};

}  // namespace sanctum::serve
