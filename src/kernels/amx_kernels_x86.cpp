// AVX-512 with VNNI, and AMX's tiles of bytes for products of many rows. Not yet run on hardware
// with AMX; elsewhere tests/amx executes its instructions.
#include "kernels/amx_tiles.h"
#include "kernels/avx512_vector.h"

namespace sanctum::kernels {
namespace {

struct ThisFile {};
using Avx512 = Avx512Vector<ThisFile>;
using Amx = AmxTiles<ThisFile>;

}  // namespace

const Kernels kAmxKernels{multiply_with_tiles<Avx512, Amx>,
                          quantize_with<Avx512>,
                          attend_with<Avx512>,
                          join_spans_with<Avx512>,
                          rows_with<Avx512>,
                          multiply_float_with<Avx512>,
                          convolve_with<Avx512>,
                          delta_with<Avx512>};

}  // namespace sanctum::kernels
