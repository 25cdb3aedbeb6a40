// Which names the server's certificate is to have: our own, those that somebody gave with --name,
// and those by which the machine is reached now. What was given is kept beside the certificate, in
// server.names, a name a line: a name that merely held once is dropped when it is gone.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sanctum::gateway {

// Whether a name that nobody gave is still one of this machine.
using NameHolds = std::function<bool(const std::string& name)>;
inline bool every_name_holds(const std::string&) {
  return true;
}

// Throws Error for a file that cannot be read.
std::vector<std::string> given_names(const std::string& directory);
// `names` in canonical form. Throws Error.
void keep_given_names(const std::string& directory, const std::vector<std::string>& names);

// Both in canonical form, each once. Throws Error(kInvalid, "name") for what is no name, and for
// more than a certificate holds.
std::vector<std::string> given_besides(std::vector<std::string> given,
                                       const std::vector<std::string>& more);

// Our own names, then `given`, then as many of the others as there is room for, those of `wanted`
// first. In the order of `there`, what is new last; each once, in canonical form.
std::vector<std::string> server_names(const std::vector<std::string>& given,
                                      const std::vector<std::string>& wanted,
                                      const std::vector<std::string>& there = {},
                                      const NameHolds& holds = every_name_holds);

}  // namespace sanctum::gateway
