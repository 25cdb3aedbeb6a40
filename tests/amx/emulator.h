// Preloaded into one program (env LD_PRELOAD=sanctum_amx_emulator.so PROGRAM ...), runs the tile
// instructions of a processor that has none: each raises SIGILL, and the handler does what it would
// have done to the tiles of its thread.
//
// Held besides the instructions' own rules: none comes before the process asked for permission; a
// thread releases its tiles before it configures others; when the process ends some instructions
// were executed, and no thread keeps its tiles. What breaks one aborts by name.
// Where the machine has tiles the program runs on them, and nothing here is done.
#pragma once

namespace sanctum::amx {

bool emulates();
void permit();

}  // namespace sanctum::amx

// For tests in the program, which declare it weak. -1: nothing is emulated.
extern "C" [[gnu::visibility("default")]] long sanctum_amx_instructions_executed();
