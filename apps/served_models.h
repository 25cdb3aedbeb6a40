// What keeps a model on the disk: servers that serve it, and those that do not say what they do.
#pragma once

#include <string>

#include "client/running_servers.h"

namespace sanctum {

// `directory`: with all that lies in it, and what its links lead to. Throw Error(kBusy) naming the
// server and what ends it.
void refuse_if_served_by(const client::RunningServer& server, const std::string& directory);
// By any server of this user's, and by that of `state_dir`, which may be another's; empty for none.
void refuse_if_served(const std::string& directory, const std::string& state_dir);

}  // namespace sanctum
