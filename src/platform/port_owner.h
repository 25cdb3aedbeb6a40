// Who listens at a port of this machine, as far as we may see: mostly processes of our own user.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sanctum::platform {

struct PortOwner {
  int pid = 0;
  std::string program;  // its short name
};

// Nothing when nobody listens there, or somebody whom we may not look at.
std::optional<PortOwner> port_owner(std::uint16_t port);

}  // namespace sanctum::platform
