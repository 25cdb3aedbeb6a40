// Broken invariants end the process loudly: a worker that is wrong must not go on serving, and a
// restart is cheap here.
#pragma once

namespace sanctum {

// Says so, after all that the log still holds, and aborts; a standard error that nobody reads does
// not keep it from that.
[[noreturn]] void broken_invariant(const char* what, const char* condition, const char* file,
                                   int line);

}  // namespace sanctum

#define SANCTUM_INVARIANT(condition, what)                                               \
  do {                                                                                   \
    if (!(condition)) ::sanctum::broken_invariant(what, #condition, __FILE__, __LINE__); \
  } while (false)
