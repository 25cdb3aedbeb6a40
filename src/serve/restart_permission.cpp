#include "serve/restart_permission.h"

#include "platform/machine.h"

namespace sanctum::serve {

std::string RestartPermission::ask(const std::string& found, bool by_schedule) {
  const std::string wrong = found.empty() ? objection() : found;
  records_.planned_restart(wrong, by_schedule);
  if (wrong.empty()) begin_();
  return wrong;
}

std::string RestartPermission::objection() const {
  for (const auto& incident : records_.incidents()) {
    if (incident.key.starts_with(std::string(supervisor::kProbeKeys) + "boots."))
      return incident.what;
  }
  const auto available = platform::memory().available_bytes;
  if (available < kRestartMemoryMin)
    return "only " + std::to_string(available >> 20) + " MiB of memory can be had";
  return {};
}

}  // namespace sanctum::serve
