#include "serve/requests_cut.h"

#include <chrono>

#include "base/error.h"
#include "supervisor/journal_reader.h"

namespace sanctum::serve {
namespace {

constexpr int kIncidentsLookedAt = 100;  // the newest

}  // namespace

std::int64_t unix_us_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::string requests_cut_since(const std::string& state_directory, std::int64_t unix_us) {
  try {
    for (const auto& record : supervisor::read_incidents(state_directory, kIncidentsLookedAt))
      if (record.key == kRequestsCut && record.opened_us >= unix_us) return record.what;
  } catch (const Error&) {  // `sanctum incidents` says so
  }
  return {};
}

}  // namespace sanctum::serve
