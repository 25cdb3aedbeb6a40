// The models that `serve` was told to have: where each lies, and what it is called.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "supervisor/model_directory.h"

namespace sanctum::settings {

inline constexpr std::chrono::seconds kFindModelsMax{10};  // all of them; it is a few stat()s

// As supervisor::find_model.
using FindModel = std::function<supervisor::FoundModel(const std::string& name)>;

// In the order of `names`. What `find` throws is passed on. Throws Error(kInvalid) for two of one
// name, and Error(kDeadline) naming the one whose disk does not answer; the thread that stands at
// it is left behind, so whoever gets this should end.
std::vector<supervisor::FoundModel> find_models(const std::vector<std::string>& names,
                                                const FindModel& find,
                                                std::chrono::milliseconds limit = kFindModelsMax);

}  // namespace sanctum::settings
