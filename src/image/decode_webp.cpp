#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "image/codecs.h"
#include "image/orientation.h"
#include "image/white.h"

namespace sanctum::image {
namespace {

constexpr std::int64_t kStillBytesPerPixel = 4;        // libwebp's own copy of a lossless picture
constexpr std::int64_t kTransparentBytesPerPixel = 8;  // and ours, with its transparency
constexpr std::int64_t kAnimatedBytesPerPixel = 8;     // two RGBA canvases

struct DemuxDelete {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
struct AnimationDelete {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

std::string_view chunk(const WebPDemuxer* demuxer, const char* fourcc) {
  WebPChunkIterator at;
  if (WebPDemuxGetChunk(demuxer, fourcc, 1, &at) == 0) return {};
  const std::string_view bytes(reinterpret_cast<const char*>(at.chunk.bytes), at.chunk.size);
  WebPDemuxReleaseChunkIterator(&at);  // the bytes belong to the file, not to the iterator
  return bytes;
}

int orientation_of(const WebPData& data) {
  const std::unique_ptr<WebPDemuxer, DemuxDelete> demuxer(WebPDemux(&data));
  if (demuxer == nullptr) return 1;
  const auto exif = exif_orientation(chunk(demuxer.get(), "EXIF"));
  return exif ? *exif : xmp_orientation(chunk(demuxer.get(), "XMP ")).value_or(1);
}

bool read_opaque(const WebPData& data, Picture& picture) {
  return WebPDecodeRGBInto(data.bytes, data.size, picture.rgb.data(), picture.rgb.size(),
                           picture.width * 3) != nullptr;
}

bool read_transparent(const WebPData& data, Picture& picture) {
  const std::size_t pixels = picture.rgb.size() / 3;
  std::vector<std::uint8_t> rgba(pixels * 4);
  if (WebPDecodeRGBAInto(data.bytes, data.size, rgba.data(), rgba.size(), picture.width * 4) ==
      nullptr) {
    return false;
  }
  over_white(rgba.data(), pixels, picture.rgb.data());
  return true;
}

// The first frame on its canvas.
bool read_animation(const WebPData& data, bool transparent, Picture& picture) {
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) return false;
  options.color_mode = MODE_RGBA;
  const std::unique_ptr<WebPAnimDecoder, AnimationDelete> decoder(
      WebPAnimDecoderNew(&data, &options));
  std::uint8_t* rgba = nullptr;
  int timestamp_ms = 0;
  if (decoder == nullptr || WebPAnimDecoderGetNext(decoder.get(), &rgba, &timestamp_ms) == 0) {
    return false;
  }
  const std::size_t pixels = picture.rgb.size() / 3;
  if (transparent) {
    over_white(rgba, pixels, picture.rgb.data());
    return true;
  }
  for (std::size_t i = 0; i < pixels; ++i) {
    for (int channel = 0; channel < 3; ++channel) {
      picture.rgb[i * 3 + channel] = rgba[i * 4 + channel];
    }
  }
  return true;
}

}  // namespace

Stored decode_webp(std::string_view file_bytes, const DecodeLimits& limits) {
  const WebPData data{reinterpret_cast<const std::uint8_t*>(file_bytes.data()), file_bytes.size()};
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data.bytes, data.size, &features) != VP8_STATUS_OK) {
    fail("the WebP is damaged: its header cannot be read");
  }
  const bool animated = features.has_animation != 0, transparent = features.has_alpha != 0;
  Stored stored;
  stored.picture = allocate(features.width, features.height,
                            animated      ? kAnimatedBytesPerPixel
                            : transparent ? kTransparentBytesPerPixel
                                          : kStillBytesPerPixel,
                            limits);
  Picture& picture = stored.picture;
  const bool read = animated      ? read_animation(data, transparent, picture)
                    : transparent ? read_transparent(data, picture)
                                  : read_opaque(data, picture);
  if (!read) fail("the WebP is truncated or damaged");
  stored.orientation = orientation_of(data);
  return stored;
}

}  // namespace sanctum::image
