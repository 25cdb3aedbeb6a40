// Whether a model could be loaded, found out without reading its weights: what config.json asks
// for, every tensor's name, type and shape, the memory for keys and values; on request also
// tokenizer and template, which takes as long as they do in a load. No GPU is used.
#pragma once

#include <string>
#include <vector>

#include "engine/device_thread.h"

namespace sanctum::engine {

struct LoadCandidate {
  std::string model, directory;
};
// Of "NAME=DIRECTORY". Throws Error(kInvalid).
LoadCandidate load_candidate(const std::string& text);

struct LoadsChecked {
  bool none = false;  // could be loaded, for good; false where it cannot be told now
  std::string why;    // for a person: each that could not be
};
// Throws Error(kInvalid) for wrong options.
LoadsChecked check_loads(const std::vector<LoadCandidate>& candidates, const DeviceOptions& options,
                         bool with_texts);

}  // namespace sanctum::engine
