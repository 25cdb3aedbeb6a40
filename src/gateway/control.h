// What only the user who runs a server, and its probes, may do; over a listener of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/probe_runs.h"
#include "gateway/services.h"
#include "wire/switches.h"

namespace sanctum::gateway {

// Called on connections' strands; each may throw Error, which is the answer then.
class ControlDesk {
 public:
  virtual ~ControlDesk() = default;
  virtual void wake_worker() = 0;
  virtual void replace_worker(const std::string& reason) = 0;
  // Nothing is wrong with it. `program`: of the next one; empty for the same.
  virtual void restart_worker(const std::string& program) = 0;
  // What the probes have just told: proofs are in Services::proofs, these are theirs that are open.
  virtual void probed(std::vector<OpenIncident> incidents) = 0;
  // Asks a probe to run now; the ProbeRuns tell when one has that began later.
  virtual void run_probe(const std::string& probe) = 0;
  virtual wire::Switches switches() const = 0;
  // Kept for later starts too.
  virtual void set_switch(std::string_view name, bool on) = 0;
  // {"mode","serving","where"}; a mode that is not empty is set first.
  virtual std::string fallback(const std::string& mode) = 0;
  // Why a planned restart does not happen; empty when it begins. `wrong`: what speaks against it by
  // who asks; empty: nothing.
  virtual std::string restart(const std::string& wrong) = 0;
  // Seconds that running requests have until they are cut.
  virtual int drain_s() const = 0;
};

// All of them outlive the router.
void add_control(Router& router, Services& services, ControlDesk& desk, ProbeRuns& runs);

}  // namespace sanctum::gateway
