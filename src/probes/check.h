// One thing that a probe found out.
#pragma once

#include <cstdint>
#include <string>

namespace sanctum::probes {

// The name of what failed when a probe could not run: its own fault, on which nobody acts.
inline constexpr const char* kProbeItself = "the probe itself";

struct Check {
  std::string name;  // "listener http://127.0.0.1:1338", "'llama' in text"
  bool passed = false;
  std::int64_t took_us = 0;
  std::string detail;  // why it failed; how its time was spent
  // Of a proof that a model works:
  std::string model, modality;
  // False of a failure that says nothing against what was asked: we are refused, or mistrust. It is
  // told, and paged, and nobody acts on it.
  bool may_act = true;
  // What a failure may come of; empty for nothing: it then climbs as track.h says.
  std::string label = {};
};

}  // namespace sanctum::probes
