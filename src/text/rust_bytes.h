// Between C++ views and the bridge's slices.
#pragma once

#include <cstdint>
#include <string_view>

#include "rust/cxx.h"
#include "text_bridge/bridge.h"

namespace sanctum::text {

inline rust::Slice<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace sanctum::text
