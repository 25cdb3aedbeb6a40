// Stands in for portable_tiles_kernels.cpp in the kernels' tests: the path portable-tiles over
// AMX's own instructions. With a vector that every machine has they need nothing but the emulator.
#include "base/invariant.h"
#include "kernels/amx_permission.h"
#include "kernels/amx_tiles.h"
#include "kernels/portable_vector.h"

namespace sanctum::kernels {
namespace {

struct ThisFile {};

void multiply_permitted(const MultiplyArguments& a) {
  SANCTUM_INVARIANT(amx_permitted(), "tiles: of the machine or of sanctum_amx_emulator.so");
  multiply_with_tiles<PortableVector<ThisFile>, AmxTiles<ThisFile>>(a);
}

}  // namespace

const Kernels kPortableTilesKernels = [] {
  Kernels kernels = kPortableKernels;
  kernels.multiply = multiply_permitted;
  return kernels;
}();

}  // namespace sanctum::kernels
