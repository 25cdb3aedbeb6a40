// A model that lies here, looked into without loading it: whether it can be served, and so what a
// person does next.
#pragma once

#include <chrono>
#include <string>

#include "apps/engine_opinion.h"
#include "base/clock.h"

namespace sanctum {

inline constexpr std::chrono::seconds kLookedIntoMax{20};  // all that one command looks into

struct LookedInto {
  std::string architecture;
  Servable can;
};
// `path`: a model directory or a GGUF file, of which an outline is made for it. Throws nothing.
LookedInto look_into(const std::string& name, const std::string& path, Instant until);

// Of what was just made or fetched: "sanctum serve NAME", or "it cannot be served: " and why.
// `name`: as `serve` takes it, not quoted yet.
struct NextStep {
  bool serves = true;
  std::string text;
};
NextStep next_step(const std::string& name, const std::string& path);

}  // namespace sanctum
