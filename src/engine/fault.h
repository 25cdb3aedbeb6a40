// Misbehaviour of a device, for tests: SANCTUM_FAULT in the engine's environment.
//
//   hang-after:N   once the engine has said N tokens the device stands still, for good
//   lie-after:N    from then on every token is said as another than the one that was chosen
//   slow:N         each step takes N milliseconds more
//   die-of:N       the process ends with SIGSEGV when it meets a prompt of N tokens
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::engine {

struct Fault {
  int hang_after = 0;  // 0: never
  int die_of = 0;      // 0: of none
  int lie_after = 0;   // 0: never
  int slow_ms = 0;
};

// Throws Error(kInvalid). Empty is no fault.
Fault parse_fault(const std::string& text);
// By the device thread, before it works on a prompt of so many tokens.
void meet_prompt(const Fault& fault, int prompt_tokens);
// What it says instead of `token`, when it has said so many before.
int lied(const Fault& fault, int token, std::uint64_t tokens);
// After a step, and when it has said so many tokens in all.
void have_said(const Fault& fault, std::uint64_t tokens);

}  // namespace sanctum::engine
