// What each probe found in its last run, for those who ask. Thread rule: any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace sanctum::gateway {

inline constexpr std::size_t kProbesKnownMax = 16;

class ProbeRuns {
 public:
  // `checks`: a JSON array.
  void add(const std::string& probe, std::string checks);
  // {"boots":{"run":3,"checks":[...]}}
  std::string to_json() const;

 private:
  struct Run {
    int number = 0;  // since the gateway was started
    std::string checks;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Run> runs_;
};

}  // namespace sanctum::gateway
