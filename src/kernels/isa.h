// Which instructions the kernels use: chosen once, at run time.
//
// All paths agree bit for bit, those that add floats too: each adds in the order of lane_sums.h or
// of its kernel's header. SANCTUM_KERNELS_ISA forces a path.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace sanctum::kernels {

enum class Isa {
  kPortable,       // plain C++, every machine
  kPortableTiles,  // the kernel for tiles over plain C++: for tests, never chosen unless forced
  kAvx2,           // with FMA and F16C; integer products widened to 16, then to 32 bits
  kAvx2Vnni,       // AVX-VNNI
  kAvx512Vnni,     // AVX-512 F, BW, VL and VNNI
  kAmx,            // these, and AMX's tiles of bytes where Linux permits them
};

const char* to_string(Isa isa);
std::optional<Isa> isa_named(std::string_view name);
// What this machine can run: kPortable and kPortableTiles always, then the others, slowest first.
std::vector<Isa> available_isas();
// The last of what a machine can run that is not for tests.
Isa fastest_of(const std::vector<Isa>& available);
// The fastest available, or the one that `forced` names; nothing and "" force none. Throws
// Error(kInvalid) naming SANCTUM_KERNELS_ISA for one that is unknown or that this machine lacks.
Isa choose_isa(const char* forced);
// choose_isa of the environment's SANCTUM_KERNELS_ISA, decided once.
Isa chosen_isa();

}  // namespace sanctum::kernels
