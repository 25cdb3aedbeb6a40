// Items, one after another on a few threads; on fewer where the system has no more.
#pragma once

#include <cstddef>
#include <functional>

namespace sanctum {

// Whether the others want to end, because one of them failed.
using Stop = std::function<bool()>;

// Calls `work` once for each of 0 ... count-1, on at most `threads` threads, and returns when all
// have ended. After an exception no further one begins; the first that was thrown comes out.
void for_each_in_parallel(std::size_t count, int threads,
                          const std::function<void(std::size_t, const Stop&)>& work);

}  // namespace sanctum
