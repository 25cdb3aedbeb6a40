// What a model's maker recommends, as transformers and vLLM read it: generation_config.json.
#pragma once

#include <string>

#include "wire/messages.h"

namespace sanctum::engine {

// Nothing where the file or a member of it is missing, nor of a file with a value that no request
// could ask for, which is logged: people do not write this file. Throws Error(kCorrupt) for what is
// no JSON.
wire::SamplingChoice sampling_of_maker(const std::string& model_directory);

}  // namespace sanctum::engine
