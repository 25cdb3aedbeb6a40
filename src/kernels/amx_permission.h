// Linux gives a process tile registers only when it asks for them.
#pragma once

namespace sanctum::kernels {

// Asks once; false: this kernel has none or refuses.
bool amx_permitted();

}  // namespace sanctum::kernels
