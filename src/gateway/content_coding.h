// Bodies that were compressed on their way: the header Content-Encoding.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sanctum::gateway {

enum class ContentCoding { kNone, kGzip, kUnknown };

// Of the header's value; empty and "identity" are none.
ContentCoding content_coding(std::string_view header);

struct Decoded {
  std::string bytes;
  int status = 0;  // 0: all is well; 400: no gzip; 413: over the limit
  std::string problem;
};
// Unpacks gzip, of one member or several. Never holds more than `bytes_max` of what comes out.
Decoded gunzip(std::string_view packed, std::uint64_t bytes_max);

}  // namespace sanctum::gateway
