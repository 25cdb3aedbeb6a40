// Sizes as people write them: "2GiB", "512 MB", "1048576".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sanctum {

// Bytes: a whole number and perhaps a unit, B to E, each 1024 of the one before, as "k", "kB" or
// "KiB". Nothing for anything else, and for more than a configuration file can hold (2^63 - 1).
std::optional<std::uint64_t> read_size(std::string_view text);

// As read_size reads it back, to the byte: "2GiB", "1000".
std::string exact_size_text(std::uint64_t bytes);

// For people, in three digits: "712 MB", "1.46 GB", each unit 1000 of the one before.
std::string size_text(std::uint64_t bytes);

}  // namespace sanctum
