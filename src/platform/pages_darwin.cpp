#include <sys/mman.h>

#include "platform/pages.h"

namespace sanctum::platform {

void Pages::use_large() {}  // this system chooses by itself

void Pages::forget(std::byte* first, std::size_t bytes) {
  ::madvise(first, bytes, MADV_FREE);
}

}  // namespace sanctum::platform
