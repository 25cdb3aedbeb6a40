// A resolved configuration as one document, which a part of `serve` is started with.
#pragma once

#include <memory>
#include <string>

#include "platform/shared_page.h"
#include "settings/serve_config.h"

namespace sanctum::settings {

// The same text for the same configuration.
std::string encode(const ServeConfig& config);
// Throws Error(kInvalid).
ServeConfig decode_config(const std::string& document);

// A descriptor's worth of the document, for a process that is started with it; and there.
std::unique_ptr<platform::SharedPage> hand_down(const ServeConfig& config);
// Throws Error(kInvalid).
ServeConfig handed_down(int descriptor);

}  // namespace sanctum::settings
