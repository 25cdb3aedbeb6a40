// What a program thinks of its processor.
#pragma once

namespace sanctum::amx {

// This processor and its kernel have tiles of their own.
bool machine_has_tiles();
// Makes the compiler's detection in the program (__builtin_cpu_supports) find AMX's tiles, and all
// else that it would find. Before the program's constructors; needs its .symtab.
void believe_in_tiles();

}  // namespace sanctum::amx
