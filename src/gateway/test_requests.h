// What the tests of all dialects' requests ask: for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace sanctum::gateway {

// The field that `decode` names when it refuses `text`; "(accepted)" where it does not.
template <class Decode>
std::string field_refused_by(Decode decode, const std::string& text) {
  try {
    decode(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid) << text;
    return error.field();
  }
  return "(accepted)";
}

}  // namespace sanctum::gateway
