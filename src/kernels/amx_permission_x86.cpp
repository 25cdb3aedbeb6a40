#include <sys/syscall.h>
#include <unistd.h>

#include "kernels/amx_permission.h"

namespace sanctum::kernels {
namespace {

// Named here because older systems' headers lack them.
constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
constexpr int kTileData = 18;               // XFEATURE_XTILEDATA

}  // namespace

bool amx_permitted() {
  static const bool permitted = syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return permitted;
}

}  // namespace sanctum::kernels
