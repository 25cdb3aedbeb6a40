#include "decode.h"

#include <cstring>

namespace sanctum::amx {
namespace {

enum Prefix { kNone, k66, kF3, kF2 };  // as VEX numbers them

// Three-byte VEX of the map 0F38, W0 and L0. R, X, B and vvvv are stored inverted.
struct Vex {
  int r, x, b, vvvv, prefix, opcode;
};

std::optional<Vex> vex_of(const std::uint8_t* code) {
  if (code[0] != 0xc4 || (code[1] & 0x1f) != 2 || (code[2] & 0x84) != 0) return std::nullopt;
  return Vex{~code[1] >> 7 & 1,  ~code[1] >> 6 & 1, ~code[1] >> 5 & 1,
             ~code[2] >> 3 & 15, code[2] & 3,       code[3]};
}

struct ModRm {
  explicit ModRm(std::uint8_t byte) : mod(byte >> 6), reg(byte >> 3 & 7), rm(byte & 7) {}
  bool memory() const { return mod != 3; }
  bool sib() const { return memory() && rm == 4; }
  int mod, reg, rm;
};

std::optional<Operation> operation_of(const Vex& vex, const ModRm& modrm) {
  const bool memory = modrm.memory(), first = !memory && modrm.rm == 0;
  switch (vex.opcode) {
    case 0x49:
      if (vex.prefix == kNone && memory && modrm.reg == 0) return Operation::kLoadConfig;
      if (vex.prefix == k66 && memory && modrm.reg == 0) return Operation::kStoreConfig;
      if (vex.prefix == kNone && first && modrm.reg == 0) return Operation::kRelease;
      if (vex.prefix == kF2 && first) return Operation::kZero;
      return std::nullopt;
    case 0x4b:
      if (!modrm.sib() || vex.prefix == kNone) return std::nullopt;
      return vex.prefix == kF3 ? Operation::kStore : Operation::kLoad;
    case 0x5e: {
      constexpr Operation kOf[] = {Operation::kDotUU, Operation::kDotUS, Operation::kDotSU,
                                   Operation::kDotSS};
      if (memory) return std::nullopt;
      return kOf[vex.prefix];
    }
    default:
      return std::nullopt;
  }
}

std::uint64_t displacement(const std::uint8_t*& at, bool byte) {
  if (byte) return static_cast<std::uint64_t>(static_cast<std::int8_t>(*at++));
  std::int32_t value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return static_cast<std::uint64_t>(value);
}

// Reads what follows ModRM, from `at` on.
void read_address(const Vex& vex, const ModRm& modrm, const Registers& registers,
                  const std::uint8_t*& at, Instruction& out) {
  int base = modrm.rm;
  if (modrm.sib()) {
    const int sib = *at++, index = (sib >> 3 & 7) + 8 * vex.x;
    base = sib & 7;
    if (index != 4) out.stride = registers[index] << (sib >> 6);
  }
  const bool no_base = modrm.mod == 0 && base == 5;
  if (!no_base) out.address = registers[base + 8 * vex.b];
  if (modrm.mod != 0 || no_base) out.address += displacement(at, modrm.mod == 1);
  // Without SIB and base: relative to the next instruction.
  if (no_base && !modrm.sib()) out.address += reinterpret_cast<std::uint64_t>(at);
}

}  // namespace

std::optional<Instruction> decode(const std::uint8_t* code, const Registers& registers) {
  const auto vex = vex_of(code);
  if (!vex) return std::nullopt;
  const ModRm modrm(code[4]);
  const auto operation = operation_of(*vex, modrm);
  if (!operation) return std::nullopt;
  Instruction out{.operation = *operation};
  const std::uint8_t* at = code + 5;
  if (modrm.memory()) read_address(*vex, modrm, registers, at, out);
  const bool product = vex->opcode == 0x5e;
  // There are eight tiles, and what is not used has to look so.
  if (vex->r != 0 || vex->vvvv > (product ? 7 : 0) || (product && vex->b != 0)) return std::nullopt;
  out.length = static_cast<int>(at - code);
  out.tile = modrm.reg;
  out.first = modrm.rm;
  out.second = vex->vvvv;
  return out;
}

}  // namespace sanctum::amx
