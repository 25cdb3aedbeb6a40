#include "gateway/picture.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "base/base64.h"
#include "base/error.h"
#include "gateway/http_message.h"
#include "wire/messages.h"

namespace sanctum::gateway {
namespace {

using Size = std::optional<PictureHeader>;

std::int64_t byte(std::string_view b, std::size_t at) {
  return static_cast<unsigned char>(b[at]);
}
std::int64_t big16(std::string_view b, std::size_t at) {
  return byte(b, at) << 8 | byte(b, at + 1);
}
std::int64_t big32(std::string_view b, std::size_t at) {
  return big16(b, at) << 16 | big16(b, at + 2);
}
std::int64_t little16(std::string_view b, std::size_t at) {
  return byte(b, at) | byte(b, at + 1) << 8;
}
std::int64_t little24(std::string_view b, std::size_t at) {
  return little16(b, at) | byte(b, at + 2) << 16;
}

Size png(std::string_view b) {
  if (b.size() < 33 || b.substr(12, 4) != "IHDR") return std::nullopt;
  return PictureHeader{"png", big32(b, 16), big32(b, 20)};
}

// The size stands in the start-of-frame segment, behind any number of others.
Size jpeg(std::string_view b) {
  std::size_t at = 2;
  while (at + 9 < b.size()) {
    if (byte(b, at) != 0xFF) return std::nullopt;
    const auto marker = byte(b, at + 1);
    if (marker == 0xFF) {  // fill
      ++at;
      continue;
    }
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) {  // markers without a segment
      at += 2;
      continue;
    }
    const bool frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) return PictureHeader{"jpeg", big16(b, at + 7), big16(b, at + 5)};
    if (marker == 0xDA || marker == 0xD9)
      return std::nullopt;  // data or the end, and still no frame
    at += 2 + static_cast<std::size_t>(big16(b, at + 2));
  }
  return std::nullopt;
}

Size webp(std::string_view b) {
  if (b.size() < 30) return std::nullopt;
  const std::string_view chunk = b.substr(12, 4);
  if (chunk == "VP8X") return PictureHeader{"webp", little24(b, 24) + 1, little24(b, 27) + 1};
  if (chunk == "VP8L" && byte(b, 20) == 0x2F) {
    const std::int64_t bits = little16(b, 21) | little16(b, 23) << 16;
    return PictureHeader{"webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1};
  }
  if (chunk == "VP8 " && b.substr(23, 3) == "\x9D\x01\x2A") {
    return PictureHeader{"webp", little16(b, 26) & 0x3FFF, little16(b, 28) & 0x3FFF};
  }
  return std::nullopt;
}

// Of the canvas; the first frame may make it larger, which the engine sees.
Size gif(std::string_view b) {
  if (b.size() < 13) return std::nullopt;
  return PictureHeader{"gif", little16(b, 6), little16(b, 8)};
}

Size bmp(std::string_view b) {
  if (b.size() < 26) return std::nullopt;
  const bool core = little16(b, 14) == 12 && little16(b, 16) == 0;  // OS/2's first header
  if (core) return PictureHeader{"bmp", little16(b, 18), little16(b, 20)};
  const auto signed32 = [&](std::size_t at) {
    return std::int64_t{static_cast<std::int32_t>(little16(b, at) | little16(b, at + 2) << 16)};
  };
  return PictureHeader{"bmp", signed32(18), std::abs(signed32(22))};  // below zero: top down
}

bool starts_with(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(), [](char want, char c) {
           return want == std::tolower(static_cast<unsigned char>(c));
         });
}

// Without line ends and spaces, its padding as it should be.
std::string strict_base64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == ' ' || c == '\t'; });
  if (text.size() % 4 != 0 && text.find('=') == std::string::npos)
    text.append(4 - text.size() % 4, '=');
  return text;
}

}  // namespace

PictureHeader read_picture_header(std::string_view b, const std::string& field) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCode::kInvalid, "'" + field + "' " + what, field);
  };
  Size size;
  if (b.substr(0, 8) == "\x89PNG\r\n\x1a\n") {
    size = png(b);
  } else if (b.substr(0, 3) == "\xFF\xD8\xFF") {
    size = jpeg(b);
  } else if (b.substr(0, 4) == "RIFF" && b.size() >= 12 && b.substr(8, 4) == "WEBP") {
    size = webp(b);
  } else if (b.substr(0, 6) == "GIF87a" || b.substr(0, 6) == "GIF89a") {
    size = gif(b);
  } else if (b.substr(0, 2) == "BM") {
    size = bmp(b);
  } else {
    fail("must be a PNG, JPEG, WebP, GIF or BMP picture");
  }
  if (!size) fail("has a damaged picture header");
  if (size->width < 1 || size->height < 1) fail("is a picture without pixels");
  if (size->width > kPictureSideMax || size->height > kPictureSideMax ||
      size->width * size->height > kPicturePixelsMax) {
    fail("is a picture of " + std::to_string(size->width) + "x" + std::to_string(size->height) +
         " pixels; at most " + std::to_string(kPictureSideMax) + " a side and " +
         std::to_string(kPicturePixelsMax) + " in all are taken");
  }
  return *size;
}

std::string decode_picture_url(const std::string& url, const std::string& field) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCode::kInvalid, "'" + field + "' " + what, field);
  };
  if (starts_with(url, "http://") || starts_with(url, "https://")) {
    fail("must be a data: URL: pictures are not fetched here unless --fetch-pictures is on");
  }
  constexpr std::string_view kScheme = "data:", kType = "image/", kBase64 = ";base64";
  if (!starts_with(url, kScheme)) fail("must be a data: URL");
  const std::size_t comma = url.find(',');
  if (comma == std::string::npos) fail("must be a data: URL with a comma before its content");
  std::string_view type = std::string_view(url).substr(kScheme.size(), comma - kScheme.size());
  if (!starts_with(type, kType)) fail("must be a data: URL of an image");
  const bool base64 = type.size() > kBase64.size() &&
                      starts_with(type.substr(type.size() - kBase64.size()), kBase64);
  std::string content = url.substr(comma + 1);
  if (content.find('%') != std::string::npos) content = percent_decode(content);
  std::optional<std::string> bytes =
      base64 ? base64_decode(strict_base64(std::move(content))) : std::move(content);
  if (!bytes) fail("must be valid base64 after the comma");
  if (bytes->size() > wire::kImageBytesMax) {
    fail("must be a picture of at most " + std::to_string(wire::kImageBytesMax) + " bytes");
  }
  read_picture_header(*bytes, field);
  return std::move(*bytes);
}

void add_picture(std::vector<std::string>& images, std::string bytes, const json::Node& node) {
  if (images.size() == wire::kImagesMax)
    node.fail("is one picture more than the " + std::to_string(wire::kImagesMax) + " allowed");
  images.push_back(std::move(bytes));
}

}  // namespace sanctum::gateway
