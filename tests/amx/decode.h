// What one AMX instruction says, read from its bytes and the registers that it names.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace sanctum::amx {

enum class Operation {
  kLoadConfig,   // LDTILECFG
  kStoreConfig,  // STTILECFG
  kRelease,      // TILERELEASE
  kZero,         // TILEZERO
  kLoad,         // TILELOADD, TILELOADDT1
  kStore,        // TILESTORED
  kDotSS,        // TDPBSSD; the first letter is the first source's
  kDotSU,        // TDPBSUD
  kDotUS,        // TDPBUSD
  kDotUU,        // TDPBUUD
};

struct Instruction {
  Operation operation{};
  int length = 0;             // bytes
  int tile = 0;               // read or written; the sums of a product
  int first = 0, second = 0;  // a product's sources
  std::uint64_t address = 0;  // of what is in memory
  std::uint64_t stride = 0;   // from row to row
};

using Registers = std::array<std::uint64_t, 16>;  // in the order of their encoding

// Nothing: the processor does not know these bytes, or they are no instruction of AMX-TILE or
// AMX-INT8. Reads no byte beyond the instruction.
std::optional<Instruction> decode(const std::uint8_t* code, const Registers& registers);

}  // namespace sanctum::amx
