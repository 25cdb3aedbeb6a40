// Whether a model could be loaded, found out without reading its weights: what config.json asks
// for, every tensor's name, type and shape, the memory for keys and values. Tokenizer and template
// are not looked at. No GPU is used.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/device_thread.h"

namespace sanctum::engine {

struct LoadCandidate {
  std::string model, directory;
};
// Of "NAME=DIRECTORY". Throws Error(kInvalid).
LoadCandidate load_candidate(const std::string& text);

// Why not one of them could be loaded, for a person; nothing where one could be, or where it cannot
// be told now, as of a disk that does not answer. Throws Error(kInvalid) for wrong options.
std::optional<std::string> none_loads(const std::vector<LoadCandidate>& candidates,
                                      const DeviceOptions& options);

}  // namespace sanctum::engine
