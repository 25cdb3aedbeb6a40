#include "wire/switches.h"

#include <algorithm>

#include "base/json.h"

namespace sanctum::wire {

std::string encode(const Switches& switches) {
  json::Writer w;
  w.begin_object();
  for (const auto& [name, value] : kSwitchNames) w.field(name, switches.*value);
  w.end_object();
  return w.take();
}

Switches decode_switches(const json::Node& node) {
  Switches switches;
  for (const auto& [key, value] : node.members()) {
    const auto found = std::find_if(kSwitchNames.begin(), kSwitchNames.end(),
                                    [&key = key](const SwitchName& s) { return s.name == key; });
    if (found == kSwitchNames.end()) value.fail("is no switch");
    switches.*(found->value) = value.as_bool();
  }
  return switches;
}

}  // namespace sanctum::wire
