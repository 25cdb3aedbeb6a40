#include "base/invariant.h"

#include <cstdlib>
#include <string>

#include "base/log.h"

namespace sanctum {

void broken_invariant(const char* what, const char* condition, const char* file, int line) {
  log::last_words(std::string("sanctum: broken invariant: ") + what + " (" + condition + ") at " +
                  file + ":" + std::to_string(line));
  std::abort();
}

}  // namespace sanctum
