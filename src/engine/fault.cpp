#include "engine/fault.h"

#include <charconv>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/log.h"

namespace sanctum::engine {

Fault parse_fault(const std::string& text) {
  Fault fault;
  if (text.empty()) return fault;
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  int* const count = name == "hang-after"  ? &fault.hang_after
                     : name == "die-of"    ? &fault.die_of
                     : name == "lie-after" ? &fault.lie_after
                     : name == "slow"      ? &fault.slow_ms
                                           : nullptr;
  const std::string number = colon == std::string::npos ? "" : text.substr(colon + 1);
  const char* const end = number.data() + number.size();
  if (count == nullptr || std::from_chars(number.data(), end, *count).ptr != end || *count < 1) {
    throw Error(
        ErrorCode::kInvalid,
        "'" + text + "' is no fault; there are hang-after:N, lie-after:N, slow:N and die-of:N",
        "SANCTUM_FAULT");
  }
  return fault;
}

void meet_prompt(const Fault& fault, int prompt_tokens) {
  if (fault.die_of == 0 || prompt_tokens != fault.die_of) return;
  log::warn("fault", {{"die_of", prompt_tokens}});
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
}

int lied(const Fault& fault, int token, std::uint64_t tokens) {
  const bool lies = fault.lie_after > 0 && tokens >= static_cast<std::uint64_t>(fault.lie_after);
  return lies ? token ^ 1 : token;
}

void have_said(const Fault& fault, std::uint64_t tokens) {
  if (fault.slow_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(fault.slow_ms));
  if (fault.hang_after == 0 || tokens < static_cast<std::uint64_t>(fault.hang_after)) return;
  log::warn("fault", {{"hang_after", tokens}});
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

}  // namespace sanctum::engine
