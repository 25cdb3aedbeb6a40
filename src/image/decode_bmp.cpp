// Windows and OS/2 bitmaps: palettes of 1, 4 and 8 bits, 16, 24 and 32 bits with or without masks,
// in every size of header. Run lengths and embedded JPEG or PNG are refused.
#include <array>
#include <bit>
#include <optional>

#include "image/codecs.h"
#include "image/white.h"

namespace sanctum::image {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::uint32_t kCoreHeaderBytes = 12;  // OS/2's first
constexpr std::uint32_t kInfoHeaderBytes = 40;
constexpr std::uint32_t kMaskHeaderBytes = 52;   // the first that has three masks in it
constexpr std::uint32_t kAlphaHeaderBytes = 56;  // and the first with a fourth, for transparency
constexpr std::uint32_t kHeaderBytesMax = 124;
constexpr std::uint32_t kRaw = 0, kRunLengths8 = 1, kRunLengths4 = 2, kMasks = 3;

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) fail("the BMP is truncated");
    std::uint32_t value = 0;
    for (std::size_t i = size; i-- > 0;)
      value = value << 8 | static_cast<std::uint8_t>(bytes_[at + i]);
    return value;
  }
  std::uint32_t u16(std::size_t at) const { return number(at, 2); }
  std::uint32_t u32(std::size_t at) const { return number(at, 4); }
  std::string_view part(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) fail("the BMP is truncated");
    return bytes_.substr(at, size);
  }

 private:
  std::string_view bytes_;
};

// Where a channel stands in a pixel, and what its values mean.
struct Channel {
  std::uint32_t mask = 0;

  std::uint8_t of(std::uint32_t pixel) const {
    const int shift = std::countr_zero(mask);
    const std::uint64_t most = mask >> shift;
    return static_cast<std::uint8_t>(((pixel & mask) >> shift) * std::uint64_t{255} / most);
  }
};

struct Header {
  std::int64_t width = 0, height = 0;
  bool top_down = false;
  std::uint32_t bits = 0;
  std::size_t pixels_at = 0, palette_at = 0, palette_step = 4;
  std::size_t colours = 0;
  std::array<Channel, 4> channels;  // red, green, blue, alpha; no mask: no transparency
};

// The masks of a pixel of 16, 24 or 32 bits.
void read_masks(const Bytes& file, std::uint32_t header_bytes, std::uint32_t compression,
                Header& header) {
  auto& [red, green, blue, alpha] = header.channels;
  if (compression == kRaw) {
    red.mask = header.bits == 16 ? 0x7C00 : 0xFF0000;
    green.mask = header.bits == 16 ? 0x03E0 : 0x00FF00;
    blue.mask = header.bits == 16 ? 0x001F : 0x0000FF;
    return;
  }
  // They follow a header that has no place for them.
  const std::size_t at = kFileHeaderBytes + kInfoHeaderBytes;
  red.mask = file.u32(at);
  green.mask = file.u32(at + 4);
  blue.mask = file.u32(at + 8);
  if (header_bytes >= kAlphaHeaderBytes) alpha.mask = file.u32(at + 12);
  if (header_bytes < kMaskHeaderBytes) header.palette_at += 12;
  if (red.mask == 0 || green.mask == 0 || blue.mask == 0) fail("the BMP's colour masks are empty");
}

Header read_header(const Bytes& file) {
  Header header;
  header.pixels_at = file.u32(10);
  const std::uint32_t bytes = file.u32(kFileHeaderBytes);
  header.palette_at = kFileHeaderBytes + bytes;
  std::uint32_t compression = kRaw;
  if (bytes == kCoreHeaderBytes) {
    header.width = file.u16(18);
    header.height = file.u16(20);
    header.bits = file.u16(24);
    header.palette_step = 3;
  } else if (bytes >= kInfoHeaderBytes && bytes <= kHeaderBytesMax) {
    header.width = static_cast<std::int32_t>(file.u32(18));
    header.height = static_cast<std::int32_t>(file.u32(22));
    header.bits = file.u16(28);
    compression = file.u32(30);
    header.colours = file.u32(46);
  } else {
    fail("the BMP is damaged: its header has " + std::to_string(bytes) + " bytes");
  }
  header.top_down = header.height < 0;
  if (header.top_down) header.height = -header.height;
  if (compression == kRunLengths8 || compression == kRunLengths4)
    fail("the BMP is compressed by run lengths, which is not read: send it uncompressed or as PNG");
  if (compression != kRaw && compression != kMasks)
    fail("the BMP is compressed in a way that is not read: send it uncompressed or as PNG");
  switch (header.bits) {
    case 1:
    case 4:
    case 8:
      if (compression != kRaw) fail("the BMP is damaged: it has a palette and colour masks");
      if (header.colours == 0 || header.colours > std::size_t{1} << header.bits)
        header.colours = std::size_t{1} << header.bits;
      break;
    case 16:
    case 24:
    case 32:
      read_masks(file, bytes, compression, header);
      break;
    default:
      fail("the BMP has " + std::to_string(header.bits) + " bits a pixel, which is not read");
  }
  return header;
}

using Colours = std::array<std::array<std::uint8_t, 3>, 256>;

// Indices beyond it are black, as in Pillow.
Colours read_palette(const Bytes& file, const Header& header) {
  Colours colours{};
  for (std::size_t i = 0; i < header.colours; ++i) {
    const std::uint32_t colour = file.number(header.palette_at + i * header.palette_step, 3);
    colours[i] = {static_cast<std::uint8_t>(colour >> 16), static_cast<std::uint8_t>(colour >> 8),
                  static_cast<std::uint8_t>(colour)};
  }
  return colours;
}

void read_indices(std::string_view row, const Header& header, const Colours& colours,
                  std::uint8_t* rgb) {
  const std::uint32_t in_byte = 8 / header.bits, mask = (1u << header.bits) - 1;
  for (std::int64_t x = 0; x < header.width; ++x) {
    const auto byte = static_cast<std::uint8_t>(row[static_cast<std::size_t>(x) / in_byte]);
    const std::uint32_t shift =
        8 - header.bits * (static_cast<std::uint32_t>(x % in_byte) + 1);  // the first is highest
    for (const std::uint8_t value : colours[byte >> shift & mask]) *rgb++ = value;
  }
}

void read_channels(std::string_view row, const Header& header, std::uint8_t* rgb) {
  const Bytes pixels(row);
  const std::size_t step = header.bits / 8;
  const auto& [red, green, blue, alpha] = header.channels;
  for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x) {
    const std::uint32_t pixel = pixels.number(x * step, step);
    const unsigned opaque = alpha.mask != 0 ? alpha.of(pixel) : 255;
    for (const Channel& channel : {red, green, blue})
      *rgb++ = over_white(channel.of(pixel), opaque);
  }
}

}  // namespace

Stored decode_bmp(std::string_view file_bytes, const DecodeLimits& limits) {
  const Bytes file(file_bytes);
  const Header header = read_header(file);
  Stored stored;
  stored.picture = allocate(header.width, header.height, 0, limits);
  const std::size_t stride = (static_cast<std::size_t>(header.width) * header.bits + 31) / 32 * 4;
  const std::string_view rows =
      file.part(header.pixels_at, stride * static_cast<std::size_t>(header.height));
  const bool indexed = header.bits <= 8;
  const Colours colours = indexed ? read_palette(file, header) : Colours{};
  for (int y = 0; y < stored.picture.height; ++y) {
    const int at = header.top_down ? y : stored.picture.height - 1 - y;
    const std::string_view row = rows.substr(stride * static_cast<std::size_t>(y), stride);
    if (indexed) {
      read_indices(row, header, colours, stored.picture.at(0, at));
    } else {
      read_channels(row, header, stored.picture.at(0, at));
    }
  }
  return stored;
}

}  // namespace sanctum::image
