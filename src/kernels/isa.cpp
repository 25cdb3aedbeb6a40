#include "kernels/isa.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "kernels/amx_permission.h"

namespace sanctum::kernels {
namespace {

constexpr const char* kVariable = "SANCTUM_KERNELS_ISA";
constexpr Isa kAll[] = {Isa::kPortable, Isa::kPortableTiles, Isa::kAvx2,
                        Isa::kAvx2Vnni, Isa::kAvx512Vnni,    Isa::kAmx};

bool available(Isa isa) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512vnni");
  switch (isa) {
    case Isa::kPortable:
    case Isa::kPortableTiles:
      return true;
    case Isa::kAvx2:
      return avx2;
    case Isa::kAvx2Vnni:
      return avx2 && __builtin_cpu_supports("avxvnni");
    case Isa::kAvx512Vnni:
      return avx512;
    case Isa::kAmx:
      return avx512 && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") &&
             amx_permitted();
  }
#endif
  return isa == Isa::kPortable || isa == Isa::kPortableTiles;
}

}  // namespace

Isa choose_isa(const char* forced) {
  const std::vector<Isa> here = available_isas();
  if (forced == nullptr || *forced == '\0') return fastest_of(here);
  const auto isa = isa_named(forced);
  if (isa && std::find(here.begin(), here.end(), *isa) != here.end()) return *isa;
  std::string names;
  for (const Isa one : here) names += std::string(names.empty() ? "" : ", ") + to_string(one);
  throw Error(ErrorCode::kInvalid,
              std::string(kVariable) + " is '" + forced + "'; this machine has " + names,
              kVariable);
}

const char* to_string(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return "portable";
    case Isa::kPortableTiles:
      return "portable-tiles";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx2Vnni:
      return "avx2-vnni";
    case Isa::kAvx512Vnni:
      return "avx512-vnni";
    case Isa::kAmx:
      return "amx";
  }
  return "unknown";
}

std::optional<Isa> isa_named(std::string_view name) {
  for (const Isa isa : kAll)
    if (name == to_string(isa)) return isa;
  return std::nullopt;
}

std::vector<Isa> available_isas() {
  std::vector<Isa> out;
  for (const Isa isa : kAll)
    if (available(isa)) out.push_back(isa);
  return out;
}

Isa fastest_of(const std::vector<Isa>& available) {
  Isa fastest = Isa::kPortable;
  for (const Isa isa : available)
    if (isa != Isa::kPortableTiles) fastest = isa;
  return fastest;
}

Isa chosen_isa() {
  static const Isa isa = choose_isa(std::getenv(kVariable));
  return isa;
}

}  // namespace sanctum::kernels
