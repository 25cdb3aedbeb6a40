#include <sys/mman.h>

#include "platform/anonymous_file.h"

namespace sanctum::platform {

int open_anonymous_file() {
  return ::memfd_create("sanctum", MFD_CLOEXEC);
}

}  // namespace sanctum::platform
