#include <sys/mman.h>

#include "platform/pages.h"

namespace sanctum::platform {

void Pages::use_large() {
  ::madvise(data_.get(), data_.get_deleter().bytes, MADV_HUGEPAGE);  // advice: it may be refused
}

void Pages::forget(std::byte* first, std::size_t bytes) {
  ::madvise(first, bytes, MADV_DONTNEED);
}

}  // namespace sanctum::platform
