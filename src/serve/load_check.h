// Whether what is configured could be loaded, asked of the engine's program before anything is
// copied or started (engine/load_check.h). What cannot be told within kLoadCheckMax is left to the
// start, as is everything where another server would answer in our place. Of GGUF files that are
// not imported yet each has to be loadable, and all have to have room on the disk.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "settings/serve_config.h"

namespace sanctum::serve {

inline constexpr std::chrono::seconds kLoadCheckMax{10};
inline constexpr std::chrono::seconds kWeightsCheckMax{5};  // again, where the texts took too long

struct LoadsChecked {
  std::string failing;   // models that cannot be loaded beside others that can, and why
  std::string not_told;  // why it cannot be told
};
// Why the engine's program cannot be asked; empty where it can.
std::string engine_missing(const settings::ServeConfig& config);
// Throws Exit with the reason for a person where nothing could be loaded.
// `with_texts`: tokenizer and template too, which takes longer.
// `cancelled`: then it is not told, soon.
LoadsChecked check_loads(const settings::ServeConfig& config, bool with_texts,
                         const std::atomic<bool>* cancelled = nullptr);

}  // namespace sanctum::serve
