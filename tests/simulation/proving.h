// Whether the tests run at full counts: SANCTUM_PROVE.
#pragma once

#include <cstdlib>

namespace sanctum::simulation {

inline bool proving() {
  const char* prove = std::getenv("SANCTUM_PROVE");
  return prove != nullptr && *prove != '\0' && *prove != '0';
}

}  // namespace sanctum::simulation
