// The service manager of this system: service_manager_linux.cpp (systemd),
// service_manager_darwin.cpp (launchd). Every call runs its command-line tool, within
// kServiceCallLimit. Thread rule: any thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace sanctum::platform {

inline constexpr std::chrono::seconds kServiceCallLimit{90};

enum class ServiceScope { kUser, kSystem };
enum class ServiceForm { kSystemd, kLaunchd };

ServiceForm service_form();
// Where the unit file belongs.
std::string service_file(ServiceScope scope);
// What there is of it on the disk: the file, what was written beside it to change it, and links
// that enable it.
std::vector<std::string> service_traces(ServiceScope scope);

struct ServiceState {
  bool manager_answers = false;
  bool enabled = false;
  bool running = false;
  int pid = 0;
};
ServiceState service_state(ServiceScope scope);

// These throw Error(kUnavailable) with what the tool says.
void service_enable(ServiceScope scope);   // reads the file anew; from now on at every boot
void service_disable(ServiceScope scope);  // asks it to stop, too, and does not wait for that
void service_start(ServiceScope scope);
void service_stop(ServiceScope scope);  // asks for it, and does not wait until it has ended
void service_restart(ServiceScope scope);
// Its files are gone: the manager is to know nothing of it any more. Never throws.
void service_forget(ServiceScope scope);
// For a person who has to stop it without us: from outside its session, too.
std::string service_stop_command(ServiceScope scope);
// What is wrong with the file, by the system's own checker; empty for nothing.
std::string service_lint(const std::string& file);

// Tells the manager that started us; nothing where none did. "READY=1", "WATCHDOG=1", "STOPPING=1".
void notify_manager(const std::string& state);
// For notify_manager: we get on, and the manager, who has a limit of his own, is to wait so long.
inline std::string more_time(std::chrono::microseconds limit) {
  return "EXTEND_TIMEOUT_USEC=" + std::to_string(limit.count());
}

}  // namespace sanctum::platform
