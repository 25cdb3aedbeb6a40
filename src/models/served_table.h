// What this program can serve, for people and other programs: every architecture of the registry,
// in which numbers tests/parity/test_models.py holds it to the reference (proven.txt, which that
// test reads too), and the numbers that weights may have.
#pragma once

#include <string>

namespace sanctum::models {

// {"architectures": [{"name", "pictures", "proven": ["float32", ...]}], "numbers": ["4-bit affine
// in groups of 32, 64, 128", ...]}
std::string served_table();

}  // namespace sanctum::models
