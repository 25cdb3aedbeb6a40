// Which servers of this user run on this machine, so that commands find the right one by
// themselves.
//
// Each server leaves a note, named by its process, in $XDG_STATE_HOME (or ~/.local/state)
// /sanctum-running, that tells its state directory. It runs as long as that directory's lock is
// held; serving.json says where it listens, unless it is just starting. Values; the file system is
// shared.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/endpoint.h"
#include "client/serving_file.h"

namespace sanctum::client {

inline constexpr std::size_t kRunningServersMax = 256;  // notes that are looked at

struct RunningServer {
  std::string state_dir;
  Serving serving;  // without addresses while it starts
};

// Of a server that is about to serve, and of one that has ended; what others left is swept.
// Quietly: whose home cannot be written to has to be named.
void note_running(const std::string& state_dir, int pid,
                  const Environment& environment = process_environment);
void forget_running(int pid, const Environment& environment = process_environment);

// In the order of their state directories; of the default one also without a note.
std::vector<RunningServer> running_servers(const Environment& environment = process_environment);
// Nothing where it does not run.
std::optional<RunningServer> server_in(const std::string& state_dir);
// The one that is meant where none was named; nothing when none runs. Throws Error(kInvalid) that
// lists them when there are several.
std::optional<RunningServer> only_running_server(const Environment& environment);

// The one of ours that the options mean: by its address, by its state directory, or the only one.
// Nothing for a server elsewhere. Throws as resolve (endpoint.h).
std::optional<RunningServer> server_meant(const EndpointOptions& options,
                                          const Environment& environment);

}  // namespace sanctum::client
