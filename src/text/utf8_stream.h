// Whole characters from a stream of bytes.
#pragma once

#include <string>

namespace sanctum::text {

// Takes every complete character off the front of `bytes` and returns them; what stays is the start
// of one. Bytes that can't be part of a character become U+FFFD, one for each maximal subpart, as
// Unicode recommends and Rust's from_utf8_lossy does. With `at_end` nothing stays.
std::string take_characters(std::string& bytes, bool at_end);

}  // namespace sanctum::text
