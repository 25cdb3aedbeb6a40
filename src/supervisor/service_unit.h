// The file that tells a service manager to keep `sanctum serve` running, and what such a file says.
// Pure text: systemd's unit files and launchd's property lists.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sanctum::supervisor {

struct ServiceUnit {
  std::vector<std::string> arguments;   // the program first; what the process is started with
  bool restarts = false;                // started again when it ends, whyever
  bool starts_at_boot = false;          // or when the user logs in
  std::chrono::seconds stop_limit{60};  // before it is killed
  // What a manager's own environment lacks: names and values.
  std::vector<std::pair<std::string, std::string>> environment = {};
  bool operator==(const ServiceUnit&) const = default;
};

inline constexpr std::string_view kServiceName = "sanctum";            // sanctum.service
inline constexpr std::string_view kServiceLabel = "ai.sanctum.serve";  // ai.sanctum.serve.plist

inline constexpr std::chrono::seconds kServiceRestartAfter{2};  // what systemd waits before it

// `system`: for all users, else for the one who installs it.
std::string systemd_unit(const ServiceUnit& unit, bool system);
std::string launchd_plist(const ServiceUnit& unit);

// Throws Error(kCorrupt) for a file that starts nothing.
ServiceUnit parse_systemd_unit(std::string_view text);
ServiceUnit parse_launchd_plist(std::string_view text);

}  // namespace sanctum::supervisor
