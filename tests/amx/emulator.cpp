#include "emulator.h"

#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>

#include "decode.h"
#include "detection.h"
#include "fault.h"
#include "tile_state.h"

namespace sanctum::amx {
namespace {

// Where ucontext keeps the registers, in the order of their encoding.
constexpr int kPlaces[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                           REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

std::atomic<bool> emulating = false, permitted = false;
std::atomic<long> executed = 0, configured = 0, threads_with_tiles = 0;
struct sigaction before;

// Initial-exec: a handler must not allocate what it reads.
[[gnu::tls_model("initial-exec")]] constinit thread_local TileState tiles;

void execute(const Instruction& in) {
  auto* memory = reinterpret_cast<std::uint8_t*>(in.address);
  switch (in.operation) {
    case Operation::kLoadConfig:
      require(!tiles.configured(), "LDTILECFG", "a thread has tiles: TILERELEASE is missing");
      ++configured;
      return tiles.load_config(memory);
    case Operation::kStoreConfig:
      return tiles.store_config(memory);
    case Operation::kRelease:
      return tiles.release();
    case Operation::kZero:
      return tiles.zero(in.tile);
    case Operation::kLoad:
      return tiles.load(in.tile, memory, in.stride);
    case Operation::kStore:
      return tiles.store(in.tile, memory, in.stride);
    case Operation::kDotSS:
      return tiles.multiply(product_ss, "TDPBSSD", in.tile, in.first, in.second);
    case Operation::kDotSU:
      return tiles.multiply(product_su, "TDPBSUD", in.tile, in.first, in.second);
    case Operation::kDotUS:
      return tiles.multiply(product_us, "TDPBUSD", in.tile, in.first, in.second);
    case Operation::kDotUU:
      return tiles.multiply(product_uu, "TDPBUUD", in.tile, in.first, in.second);
  }
}

void on_illegal_instruction(int, siginfo_t*, void* context) {
  auto& gregs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  Registers registers;
  for (std::size_t i = 0; i < registers.size(); ++i)
    registers[i] = static_cast<std::uint64_t>(gregs[kPlaces[i]]);
  const auto in = decode(reinterpret_cast<const std::uint8_t*>(gregs[REG_RIP]), registers);
  if (!in) {
    // Comes again, for whoever was there before.
    ::sigaction(SIGILL, &before, nullptr);
    return;
  }
  require(permitted, "permission", "a tile instruction before ARCH_REQ_XCOMP_PERM");
  const bool had = tiles.configured();
  execute(*in);
  threads_with_tiles += tiles.configured() - had;
  ++executed;
  gregs[REG_RIP] += in->length;
}

[[gnu::constructor]] void begin() {
  if (machine_has_tiles()) return;
  emulating = true;
  believe_in_tiles();
  struct sigaction action{};
  action.sa_sigaction = on_illegal_instruction;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGILL, &action, &before);
}

[[gnu::destructor]] void end() {
  if (!emulating) {
    std::fputs("amx emulator: this machine has tiles, nothing was emulated\n", stderr);
    return;
  }
  require(executed > 0, "end", "no tile instruction was executed");
  require(threads_with_tiles == 0, "end", "a thread keeps its tiles: TILERELEASE is missing");
  std::fprintf(stderr, "amx emulator: %ld tile instructions, %ld configurations, all released\n",
               executed.load(), configured.load());
}

}  // namespace

bool emulates() {
  return emulating;
}
void permit() {
  permitted = true;
}

}  // namespace sanctum::amx

long sanctum_amx_instructions_executed() {
  return sanctum::amx::emulating ? sanctum::amx::executed.load() : -1;
}
