// What may refuse its input.
#pragma once

#include "base/error.h"
#include "base/invariant.h"

namespace sanctum {

// Calls `call`, which may throw an Error, with words.
template <class Call>
void refused(Call call) {
  try {
    call();
  } catch (const Error& error) {
    SANCTUM_INVARIANT(*error.what() != '\0', "an error has words");
  }
}

}  // namespace sanctum
