// Kill switches: parts of the engine that can be taken out while it runs, when they are suspected.
// Everything is on unless somebody switched it off.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sanctum::json {
class Node;
}

namespace sanctum::wire {

struct Switches {
  bool compile = true;       // MLX compiles graphs
  bool prefix_cache = true;  // prefixes are kept and found between requests
  bool vision = true;        // pictures are taken
  bool batching = true;      // sequences run together
  bool admission = true;     // requests wait for a place and for memory, or are refused
  bool operator==(const Switches&) const = default;
};

struct SwitchName {
  std::string_view name;  // "prefix-cache"
  bool Switches::* value;
};
inline constexpr std::array<SwitchName, 5> kSwitchNames{{{"compile", &Switches::compile},
                                                         {"prefix-cache", &Switches::prefix_cache},
                                                         {"vision", &Switches::vision},
                                                         {"batching", &Switches::batching},
                                                         {"admission", &Switches::admission}}};

// {"compile":true,...}, every one of them.
std::string encode(const Switches& switches);
// Those that are missing are on. Throws Error(kInvalid) naming an unknown one.
Switches decode_switches(const json::Node& node);

}  // namespace sanctum::wire
