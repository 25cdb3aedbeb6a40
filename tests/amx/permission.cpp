// The one system call that the kernel cannot answer where the processor has no tiles.
#include <dlfcn.h>
#include <sys/syscall.h>

#include "emulator.h"

namespace {

constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
constexpr long kTileData = 18;               // XFEATURE_XTILEDATA

}  // namespace

// syscall(2), with as many arguments as there can be: those that a caller left out are passed on
// unread.
extern "C" [[gnu::visibility("default")]] long interposed_syscall(long number, long a, long b,
                                                                  long c, long d, long e,
                                                                  long f) asm("syscall");

long interposed_syscall(long number, long a, long b, long c, long d, long e, long f) {
  static const auto real =
      reinterpret_cast<decltype(&interposed_syscall)>(::dlsym(RTLD_NEXT, "syscall"));
  if (number == SYS_arch_prctl && a == kRequestPermission && b == kTileData &&
      sanctum::amx::emulates()) {
    sanctum::amx::permit();
    return 0;
  }
  return real(number, a, b, c, d, e, f);
}
