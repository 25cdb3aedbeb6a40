// Broken invariants end the process loudly: a worker that is wrong must not go on serving, and a
// restart is cheap here.
#pragma once

#include <cstdio>
#include <cstdlib>

#define SANCTUM_INVARIANT(condition, what)                                                    \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      std::fprintf(stderr, "sanctum: broken invariant: %s (%s) at %s:%d\n", what, #condition, \
                   __FILE__, __LINE__);                                                       \
      std::abort();                                                                           \
    }                                                                                         \
  } while (false)
