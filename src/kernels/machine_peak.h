// The rate at which a core multiplies bytes when nothing holds it up: for the bench.
#pragma once

#include <cstdint>

#include "kernels/isa.h"

namespace sanctum::kernels {

inline constexpr int kPeakChains = 8;  // independent sums, enough to hide an instruction's latency

// Products of bytes that one instruction of the path makes; 0: there is none.
int byte_products(Isa isa);
// `steps` times kPeakChains of these instructions.
void multiply_bytes(Isa isa, std::int64_t steps);

}  // namespace sanctum::kernels
