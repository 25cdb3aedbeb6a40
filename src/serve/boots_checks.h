// The probe "will boot": whether a restart would come up, asked before one is needed. Every check
// is a track of its own: none outvotes another. Thread rule: one owner, the caller's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/endpoint.h"
#include "probes/check.h"
#include "probes/weights_digest.h"
#include "settings/serve_config.h"

namespace sanctum::serve {

inline constexpr std::uint64_t kDiskFreeMin = 1ull << 30;  // bytes of the state directory's disk

inline constexpr std::chrono::hours kExpiryToldEvery{
    24};  // in the log, of what ends within 30 days

class BootsChecks {
 public:
  BootsChecks(settings::ServeConfig config, std::string state_directory,
              std::vector<client::Endpoint> listeners, const std::atomic<bool>& stop)
      : config_(std::move(config)),
        state_(std::move(state_directory)),
        listeners_(std::move(listeners)),
        digest_(state_ + "/weights.boots.json"),
        stop_(stop) {}

  std::vector<probes::Check> run();

 private:
  // One check for the manifest, one for each file that it names.
  void check_release(std::vector<probes::Check>& checks);
  // What `serve --check` says; throws Error where it finds anything wrong.
  std::string serve_check(const char* only);
  std::string check_certificates();
  void tell_expiry(const std::string& file, const std::string& validity);
  void check_disk();
  void check_weights();
  void check_port_owner();
  std::string check_unit();

  const settings::ServeConfig config_;
  const std::string state_;
  const std::vector<client::Endpoint> listeners_;
  probes::WeightsDigest digest_;
  const std::atomic<bool>& stop_;
  std::map<std::string, Instant> told_expiry_;  // of each file, when it was last told
  std::int64_t engine_ = 0;                     // its process
  std::map<std::string, std::string> weights_;  // digest of each directory that it loaded from
};

}  // namespace sanctum::serve
