// What the commands of sanctum share: how a server is named, and what an exit code means.
//
// Contract: 0 done, or yes; 1 the answer is no; 2 it could not be done, and standard error says why
// and what to do. Only `serve` has more (base/exit_code.h).
#pragma once

#include <functional>
#include <string>

#include "client/endpoint.h"

namespace CLI {
class App;
}

namespace sanctum {

inline constexpr int kExitNo = 1;

// "sanctum certs show".
std::string full_name(const CLI::App& command);

// --state-dir of a server on this machine; empty when it was not said.
void add_state_dir(CLI::App& command, std::string& told);
// What was said, else that of the only server that runs, else the default. Throws Error(kInvalid).
std::string state_dir_or_default(const std::string& told);

// The same, and it has to be there: what nobody ever served with is no all-clear. Throws
// Error(kNotFound), Error(kUnavailable).
std::string readable_state_dir(const std::string& told);

// --url, --cert, --key, --cacert, --api-key, --state-dir: a server anywhere.
void add_server_options(CLI::App& command, client::EndpointOptions& options);

// For a footer: "Exit codes: 0 `yes`, 1 `no`, 2 it could not be done; the message says why".
std::string exit_codes(const std::string& yes, const std::string& no = {});

// What the command does when it is chosen: returns the exit code, or throws Error or Exit.
void on_chosen(CLI::App& command, int& exit_code, std::function<int()> action);

}  // namespace sanctum
