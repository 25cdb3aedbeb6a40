// The lines that `serve`'s first process and its parts tell each other. Pure.
//
// Contract: what is told is one line, whatever it is made of: no text that comes from elsewhere
// (a probe's name, a peer's error) can add a second one or end the conversation by its length.
#pragma once

#include <string>
#include <string_view>

namespace sanctum::supervisor {

inline constexpr std::size_t kKeeperLineBytesMax = 4096;  // its end included

// Control characters become spaces; what is too long is cut. Ends with a newline.
std::string keeper_line(std::string_view text);

}  // namespace sanctum::supervisor
