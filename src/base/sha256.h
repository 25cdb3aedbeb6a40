// SHA-256 of bytes in memory (FIPS 180-4).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sanctum {

using Sha256 = std::array<std::byte, 32>;
Sha256 sha256(std::string_view bytes);

}  // namespace sanctum
