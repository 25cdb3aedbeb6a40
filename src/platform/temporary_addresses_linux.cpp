#include <fstream>
#include <sstream>

#include "platform/temporary_addresses.h"

namespace sanctum::platform {

std::vector<std::string> temporary_addresses() {
  std::ifstream file("/proc/net/if_inet6");
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return temporary_addresses_in(text.str());
}

}  // namespace sanctum::platform
