// How much of everything a request may hold, for people: the constants that it is refused by.
// A limit of the API is one row. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sanctum::gateway {

struct DescribedLimit {
  std::string_view what;
  std::uint64_t most;
  std::string_view unit;
};
std::span<const DescribedLimit> described_limits();
// A section of docs/fields.md.
std::string limits_section();

}  // namespace sanctum::gateway
