// The path every machine has, and the one the others are tested against.
#include "kernels/plain_tiles.h"
#include "kernels/portable_vector.h"
#include "kernels/tile_panel.h"

namespace sanctum::kernels {
namespace {

struct ThisFile {};
using Portable = PortableVector<ThisFile>;

}  // namespace

const Kernels kPortableKernels{multiply_with<Portable>, quantize_with<Portable>,
                               attend_with<Portable>,   join_spans_with<Portable>,
                               rows_with<Portable>,     multiply_float_with<Portable>,
                               convolve_with<Portable>, delta_with<Portable>};
// Weak: tests/amx puts the same kernel over AMX's own tiles in its place.
[[gnu::weak]] const Kernels kPortableTilesKernels{multiply_with_tiles<Portable, PlainTiles>,
                                                  quantize_with<Portable>,
                                                  attend_with<Portable>,
                                                  join_spans_with<Portable>,
                                                  rows_with<Portable>,
                                                  multiply_float_with<Portable>,
                                                  convolve_with<Portable>,
                                                  delta_with<Portable>};

}  // namespace sanctum::kernels
