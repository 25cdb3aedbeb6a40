#include "fault.h"

#include <sys/uio.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iterator>

namespace sanctum::amx {

void fault(const char* who, const char* rule) {
  const char* const parts[] = {"amx emulator: ", who, ": ", rule, "\n"};
  iovec texts[std::size(parts)];
  for (std::size_t i = 0; i < std::size(parts); ++i)
    texts[i] = {const_cast<char*>(parts[i]), std::strlen(parts[i])};
  // A standard error that nobody reads changes nothing: what follows is the same.
  if (::writev(STDERR_FILENO, texts, std::size(texts)) < 0) std::abort();
  std::abort();
}

}  // namespace sanctum::amx
