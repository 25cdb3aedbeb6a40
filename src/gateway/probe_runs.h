// What each probe found in its last run, for those who ask. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace sanctum::gateway {

inline constexpr std::size_t kProbesKnownMax = 16;

class ProbeRuns {
 public:
  // `began_us`: by this machine's monotonic clock; `checks`: a JSON array.
  void add(const std::string& probe, std::int64_t began_us, std::string checks);
  // {"boots":{"began_us":3,"checks":[...]}}
  std::string to_json() const;

 private:
  struct Run {
    std::int64_t began_us = 0;
    std::string checks;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Run> runs_;
};

}  // namespace sanctum::gateway
