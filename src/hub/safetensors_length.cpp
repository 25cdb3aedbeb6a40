#include "hub/safetensors_length.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::hub {
namespace {

constexpr std::uint64_t kPrefixBytes = 8;  // the header's length, little-endian

}  // namespace

std::uint64_t safetensors_length(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::kUnavailable, "it cannot be read");
  unsigned char prefix[kPrefixBytes] = {};
  file.read(reinterpret_cast<char*>(prefix), kPrefixBytes);
  std::uint64_t header = 0;
  for (std::size_t i = kPrefixBytes; i-- > 0;) header = header << 8 | prefix[i];
  if (!file || header > kSafetensorsHeaderBytesMax)
    throw Error(ErrorCode::kCorrupt, "it does not begin like a safetensors file");
  std::string text(header, '\0');
  file.read(text.data(), static_cast<std::streamsize>(header));
  if (!file) throw Error(ErrorCode::kCorrupt, "it ends within its header");
  std::uint64_t end = 0;
  try {
    const json::Document document(text);
    for (const auto& [name, tensor] : document.root().members()) {
      if (name == "__metadata__") continue;
      const auto offsets = tensor.at("data_offsets").as_array(2);
      if (offsets.size() == 2) end = std::max(end, offsets[1].as_uint64());
    }
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt, std::string("its header makes no sense: ") + error.what());
  }
  if (end > std::numeric_limits<std::uint64_t>::max() - kPrefixBytes - header)
    throw Error(ErrorCode::kCorrupt, "its header tells of more bytes than can be counted");
  return kPrefixBytes + header + end;
}

}  // namespace sanctum::hub
