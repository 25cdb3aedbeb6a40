// The kernels of an instruction set.
#pragma once

#include "kernels/isa.h"
#include "kernels/kernel_arguments.h"

namespace sanctum::kernels {

inline const Kernels& kernels_of(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2:
      return kAvx2Kernels;
    case Isa::kAvx2Vnni:
      return kAvx2VnniKernels;
    case Isa::kAvx512Vnni:
      return kAvx512VnniKernels;
    case Isa::kAmx:
      return kAmxKernels;
#endif
    case Isa::kPortableTiles:
      return kPortableTilesKernels;
    default:
      return kPortableKernels;
  }
}

}  // namespace sanctum::kernels
