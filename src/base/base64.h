// Base64 (RFC 4648, with padding). Decoding is strict: whitespace, missing padding and stray bits
// are refused, unlike in the library underneath.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sanctum {

std::string base64_encode(std::string_view bytes);
// Nothing when `text` is not canonical base64.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace sanctum
