#include "kernels/isa.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/error.h"

namespace sanctum::kernels {
namespace {

constexpr const char* kVariable = "SANCTUM_KERNELS_ISA";
constexpr Isa kAll[] = {Isa::kPortable, Isa::kAvx2, Isa::kAvx2Vnni, Isa::kAvx512Vnni};

bool available(Isa isa) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c");
  switch (isa) {
    case Isa::kPortable:
      return true;
    case Isa::kAvx2:
      return avx2;
    case Isa::kAvx2Vnni:
      return avx2 && __builtin_cpu_supports("avxvnni");
    case Isa::kAvx512Vnni:
      return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  }
#endif
  return isa == Isa::kPortable;
}

}  // namespace

Isa choose_isa(const char* forced) {
  const std::vector<Isa> here = available_isas();
  if (forced == nullptr || *forced == '\0') return here.back();
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
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx2Vnni:
      return "avx2-vnni";
    case Isa::kAvx512Vnni:
      return "avx512-vnni";
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

Isa chosen_isa() {
  static const Isa isa = choose_isa(std::getenv(kVariable));
  return isa;
}

}  // namespace sanctum::kernels
