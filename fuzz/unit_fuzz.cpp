// Any text as a service's unit file, systemd's or launchd's: a unit, or an Error. What is read can
// be written, and reads the same.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/invariant.h"
#include "supervisor/service_unit.h"

namespace {

using namespace sanctum;
using namespace sanctum::supervisor;

template <class Parse, class Write>
void reread(std::string_view text, Parse parse, Write write) {
  ServiceUnit unit;
  try {
    unit = parse(text);
  } catch (const Error&) {
    return;
  }
  try {
    SANCTUM_INVARIANT(parse(write(unit)).arguments == unit.arguments,
                      "a unit that was read is written so that it starts the same");
  } catch (const Error&) {
    SANCTUM_INVARIANT(false, "a unit that was read can be written");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  reread(text, parse_systemd_unit,
         [](const ServiceUnit& unit) { return systemd_unit(unit, true); });
  reread(text, parse_launchd_plist, launchd_plist);
  return 0;
}
