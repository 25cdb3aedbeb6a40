// The first frame alone, as it stands on the canvas; read record by record, so that what follows it
// costs nothing.
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "image/codecs.h"
#include "image/white.h"

namespace sanctum::image {
namespace {

constexpr std::array<std::array<int, 2>, 4> kInterlaced{{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
constexpr int kHasTransparency = 1;  // of a graphic control extension's flags

struct Close {
  void operator()(GifFileType* file) const { DGifCloseFile(file, nullptr); }
};
using File = std::unique_ptr<GifFileType, Close>;

int on_read(GifFileType* file, GifByteType* to, int size) {
  auto& rest = *static_cast<std::string_view*>(file->UserData);
  const std::size_t n = std::min<std::size_t>(rest.size(), static_cast<std::size_t>(size));
  std::memcpy(to, rest.data(), n);
  rest.remove_prefix(n);
  return static_cast<int>(n);
}

[[noreturn]] void fail_with(int error) {
  const char* what = GifErrorString(error);
  fail(std::string("the GIF is damaged: ") + (what != nullptr ? what : "it is truncated"));
}

// Reads on to the first frame; the transparent index, where one is named on the way.
std::optional<int> find_frame(GifFileType& file) {
  std::optional<int> transparent;
  while (true) {
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(&file, &record) == GIF_ERROR) fail_with(file.Error);
    if (record == TERMINATE_RECORD_TYPE) fail("the GIF has no picture in it");
    if (record == IMAGE_DESC_RECORD_TYPE) {
      if (DGifGetImageDesc(&file) == GIF_ERROR) fail_with(file.Error);
      return transparent;
    }
    if (record != EXTENSION_RECORD_TYPE) continue;
    int code = 0;
    GifByteType* block = nullptr;  // its length, then its bytes
    if (DGifGetExtension(&file, &code, &block) == GIF_ERROR) fail_with(file.Error);
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4)
      transparent =
          (block[1] & kHasTransparency) != 0 ? std::optional<int>(block[4]) : std::nullopt;
    while (block != nullptr) {
      if (DGifGetExtensionNext(&file, &block) == GIF_ERROR) fail_with(file.Error);
    }
  }
}

using Colours = std::array<std::array<std::uint8_t, 3>, 256>;

// As Pillow has them: indices beyond the palette are black, and gray where there is none.
Colours colours_of(const GifFileType& file, std::optional<int> transparent) {
  Colours colours{};
  const ColorMapObject* map = file.Image.ColorMap != nullptr ? file.Image.ColorMap : file.SColorMap;
  for (std::size_t i = 0; map == nullptr && i < colours.size(); ++i)
    colours[i].fill(static_cast<std::uint8_t>(i));
  for (int i = 0; map != nullptr && i < std::min(map->ColorCount, 256); ++i) {
    const GifColorType& colour = map->Colors[i];
    colours[static_cast<std::size_t>(i)] = {colour.Red, colour.Green, colour.Blue};
  }
  if (transparent) colours[static_cast<std::size_t>(*transparent)].fill(over_white(0, 0));
  return colours;
}

}  // namespace

Stored decode_gif(std::string_view file_bytes, const DecodeLimits& limits) {
  int error = 0;
  const File file(DGifOpen(&file_bytes, on_read, &error));
  if (file == nullptr) fail_with(error);
  // giflib itself asks for no more than a line before a frame is asked for.
  const std::optional<int> transparent = find_frame(*file);
  const GifImageDesc& frame = file->Image;
  if (frame.Width < 1 || frame.Height < 1) fail("the GIF's first frame is empty");
  Stored stored;
  // A frame beyond the canvas makes it larger.
  stored.picture = allocate(std::max(file->SWidth, frame.Left + frame.Width),
                            std::max(file->SHeight, frame.Top + frame.Height), 0, limits);
  const Colours colours = colours_of(*file, transparent);
  const auto& around = colours[static_cast<std::size_t>(transparent.value_or(0))];
  for (std::size_t i = 0; i < stored.picture.rgb.size(); ++i) stored.picture.rgb[i] = around[i % 3];

  std::vector<GifPixelType> line(static_cast<std::size_t>(frame.Width));
  const auto read_lines = [&](int first, int step) {
    for (int y = first; y < frame.Height; y += step) {
      if (DGifGetLine(file.get(), line.data(), frame.Width) == GIF_ERROR) fail_with(file->Error);
      std::uint8_t* to = stored.picture.at(frame.Left, frame.Top + y);
      for (const GifPixelType index : line) to = std::copy_n(colours[index].begin(), 3, to);
    }
  };
  if (frame.Interlace) {
    for (const auto& [first, step] : kInterlaced) read_lines(first, step);
  } else {
    read_lines(0, 1);
  }
  return stored;
}

}  // namespace sanctum::image
