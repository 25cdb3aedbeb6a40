// AVX-512 with VNNI: compiled with its flags, run only where isa.h found it.
#include "kernels/avx512_vector.h"

namespace sanctum::kernels {
namespace {

struct ThisFile {};
using Avx512 = Avx512Vector<ThisFile>;

}  // namespace

const Kernels kAvx512VnniKernels{multiply_with<Avx512>, quantize_with<Avx512>,
                                 attend_with<Avx512>,   join_spans_with<Avx512>,
                                 rows_with<Avx512>,     multiply_float_with<Avx512>,
                                 convolve_with<Avx512>, delta_with<Avx512>};

}  // namespace sanctum::kernels
