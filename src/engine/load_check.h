// Whether a model could be loaded, found out without reading its weights: what config.json asks
// for, every tensor's name, type and shape, the memory for keys and values; on request also
// tokenizer and template, which takes as long as they do in a load, and what it would take of
// memory. No GPU is used.
#pragma once

#include <string>
#include <vector>

#include "engine/device_thread.h"
#include "wire/model_memory.h"

namespace sanctum::engine {

struct LoadCandidate {
  std::string model, directory;
};
// Of "NAME=DIRECTORY"; before an absolute one NAME may have a '='. Throws Error(kInvalid).
LoadCandidate load_candidate(const std::string& text);

struct LoadsChecked {
  bool none = false;  // could be loaded, for good; false where it cannot be told now
  std::string why;    // for a person: each that could not be
  // Of those whose weights can be loaded, whatever the options grant for keys and values.
  std::vector<wire::ModelMemory> memories;
};
struct LoadQuestions {
  bool texts = false, memory = false;
  // Of sanctum-engine, which renders templates within bounds (template_process.h).
  std::string template_program = {};
};
// Throws Error(kInvalid) for wrong options.
LoadsChecked check_loads(const std::vector<LoadCandidate>& candidates, const DeviceOptions& options,
                         const LoadQuestions& questions);

}  // namespace sanctum::engine
