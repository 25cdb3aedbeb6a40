// The unit file of `sanctum serve` on this machine, and its backups in the state directory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/service_manager.h"
#include "supervisor/service_unit.h"

namespace sanctum::serve {

inline constexpr std::size_t kUnitBackupsMax = 20;

std::string text_of(const supervisor::ServiceUnit& unit, platform::ServiceScope scope);
// Throws Error(kCorrupt) for one that starts nothing.
supervisor::ServiceUnit parse_unit(const std::string& text);

// The file; nothing where there is none.
std::optional<std::string> unit_text(platform::ServiceScope scope);
// What it says; nothing where there is none, or it starts nothing.
std::optional<supervisor::ServiceUnit> unit_on_disk(platform::ServiceScope scope);

// Where copies of what was written are.
std::string unit_backups_of(const std::string& state_directory);

// Replaces the file and keeps a copy of what is written; one that the system's checker refuses is
// not left behind. Throws Error.
void write_unit(const std::string& text, platform::ServiceScope scope,
                const std::string& state_directory);

// The newest backup that starts exactly this, in its settled form (service_arguments.h), by its own
// program or by the current one of the state directory.
std::optional<std::string> find_backup(const std::vector<std::string>& arguments,
                                       const std::string& state_directory);

}  // namespace sanctum::serve
