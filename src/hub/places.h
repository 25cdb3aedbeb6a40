// Where Hugging Face's tools keep what they download and the token that they send, and which hub
// they ask: the same variables mean the same here.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace sanctum::hub {

// Reads a variable; nothing when it is unset or empty.
using Environment = std::function<std::optional<std::string>(const char*)>;
std::optional<std::string> process_environment(const char* name);

// HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub or
// ~/.cache/huggingface/hub. `~` and $VARIABLE in them are resolved. Empty where there is no home.
std::string cache_directory(const Environment& environment = process_environment);

// HF_TOKEN, HUGGING_FACE_HUB_TOKEN, or what HF_TOKEN_PATH (else HF_HOME/token) holds; empty for
// none. Throws Error(kInvalid) for one that is no single word, without showing it.
std::string token(const Environment& environment = process_environment);

// `told`, else HF_ENDPOINT, else https://huggingface.co; without a slash at its end. Throws
// Error(kInvalid, field "hub") for what is no http or https address.
std::string endpoint(const std::string& told, const Environment& environment = process_environment);

}  // namespace sanctum::hub
