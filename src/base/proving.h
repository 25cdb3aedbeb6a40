// Whether tests run at full counts: SANCTUM_PROVE.
#pragma once

#include <cstdlib>

namespace sanctum {

inline bool proving() {
  const char* prove = std::getenv("SANCTUM_PROVE");
  return prove != nullptr && *prove != '\0' && *prove != '0';
}

}  // namespace sanctum
