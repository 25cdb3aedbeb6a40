#include "serve/switch_board.h"

#include <algorithm>

#include "base/error.h"
#include "supervisor/switch_file.h"

namespace sanctum::serve {

SwitchBoard::SwitchBoard(std::string state_directory, supervisor::Worker& worker,
                         gateway::Gate& gate, GatewayRecords& records)
    : state_(std::move(state_directory)), worker_(worker), gate_(gate), records_(records) {
  const auto found = supervisor::read_switches(state_);
  if (!found.moved_aside.empty()) records_.state_file_damaged("switches", found.moved_aside);
  switches_ = found.switches;
  apply(switches_);
}

wire::Switches SwitchBoard::now() const {
  const std::lock_guard lock(mutex_);
  return switches_;
}

void SwitchBoard::set(std::string_view name, bool on) {
  const auto found = std::find_if(wire::kSwitchNames.begin(), wire::kSwitchNames.end(),
                                  [name](const auto& s) { return s.name == name; });
  if (found == wire::kSwitchNames.end()) {
    std::string known;
    for (const auto& s : wire::kSwitchNames)
      known += (known.empty() ? "" : ", ") + std::string(s.name);
    throw Error(ErrorCode::kInvalid,
                "there is no switch '" + std::string(name) + "'; there are " + known, "name");
  }
  const std::lock_guard lock(mutex_);
  wire::Switches next = switches_;
  next.*(found->value) = on;
  supervisor::write_switches(state_, next);
  switches_ = next;
  apply(next);
  records_.happened("switch " + std::string(name), on ? "on" : "off", "asked for");
}

void SwitchBoard::apply(const wire::Switches& switches) {
  gate_.hold_limits(switches.admission);
  worker_.set_switches(switches);
}

}  // namespace sanctum::serve
