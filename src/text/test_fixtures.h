// The model directories that the tests of this folder and of the engine read.
#pragma once

#include "base/test_directory.h"

namespace sanctum::text {

inline std::string fixture(const std::string& name) {
  return source_directory() + "/src/text/testdata/" + name;
}

}  // namespace sanctum::text
