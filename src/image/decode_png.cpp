// setjmp rule, here and in decode_jpeg.cpp: a function that calls setjmp holds nothing with a
// destructor and allocates nothing; everything it fills is owned by its caller.
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <memory>

#include "image/codecs.h"
#include "image/orientation.h"
#include "image/white.h"

namespace sanctum::image {
namespace {

// Text, unknown and suggested-palette chunks kept; each is bounded by libpng's own 8 MB.
constexpr png_uint_32 kAncillaryChunksMax = 16;
constexpr std::size_t kMessageBytes = 160;
// An interlaced picture with transparency is composed once all of it is there.
constexpr std::int64_t kInterlacedBytesPerPixel = 4;
// ImageMagick's form of EXIF in a text chunk: "\nexif\n   <length>\n" and hexadecimal lines.
constexpr std::string_view kExifProfileKey = "Raw profile type exif";
constexpr std::string_view kXmpKey = "XML:com.adobe.xmp";

struct Reader {
  explicit Reader(std::string_view bytes) : rest(bytes) {}
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::string_view rest;
  png_structp png = nullptr;
  png_infop info = nullptr;
  char message[kMessageBytes] = "";
};

void on_error(png_structp png, png_const_charp message) {
  auto* reader = static_cast<Reader*>(png_get_error_ptr(png));
  std::snprintf(reader->message, sizeof reader->message, "%s", message);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, std::size_t size) {
  auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
  if (reader->rest.size() < size) png_error(png, "the file is truncated");
  std::memcpy(out, reader->rest.data(), size);
  reader->rest.remove_prefix(size);
}

bool read_header(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_set_read_fn(reader.png, &reader, on_read);
  png_set_chunk_cache_max(reader.png, kAncillaryChunksMax);
  png_read_info(reader.png, reader.info);
  return true;
}

bool is_transparent(const Reader& reader) {
  return (png_get_color_type(reader.png, reader.info) & PNG_COLOR_MASK_ALPHA) != 0 ||
         png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0;
}

bool is_interlaced(const Reader& reader) {
  return png_get_interlace_type(reader.png, reader.info) != PNG_INTERLACE_NONE;
}

// All rows of three bytes a pixel, or of four with `transparent`; begins to read them.
bool prepare_rows(Reader& reader, bool transparent, std::size_t row_bytes) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_set_palette_to_rgb(reader.png);
  if (png_get_color_type(reader.png, reader.info) == PNG_COLOR_TYPE_GRAY) {
    png_set_expand_gray_1_2_4_to_8(reader.png);
  }
  png_set_gray_to_rgb(reader.png);
  png_set_strip_16(reader.png);
  if (transparent) {
    png_set_tRNS_to_alpha(reader.png);
  } else {
    png_set_strip_alpha(reader.png);
  }
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  if (png_get_rowbytes(reader.png, reader.info) != row_bytes) {
    png_error(reader.png, "unexpected row size");
  }
  return true;
}

bool read_rows(Reader& reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_read_image(reader.png, rows);
  return true;
}

bool read_row(Reader& reader, png_bytep row) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_read_row(reader.png, row, nullptr);
  return true;
}

bool read_opaque(Reader& reader, Picture& picture) {
  std::vector<png_bytep> rows(picture.height);
  for (int y = 0; y < picture.height; ++y) rows[y] = picture.at(0, y);
  return prepare_rows(reader, false, std::size_t{3} * picture.width) &&
         read_rows(reader, rows.data());
}

bool read_transparent(Reader& reader, Picture& picture) {
  const std::size_t width = picture.width, row_bytes = 4 * width;
  if (!prepare_rows(reader, true, row_bytes)) return false;
  if (!is_interlaced(reader)) {
    std::vector<std::uint8_t> row(row_bytes);
    for (int y = 0; y < picture.height; ++y) {
      if (!read_row(reader, row.data())) return false;
      over_white(row.data(), width, picture.at(0, y));
    }
    return true;
  }
  std::vector<std::uint8_t> rgba(row_bytes * picture.height);
  std::vector<png_bytep> rows(picture.height);
  for (int y = 0; y < picture.height; ++y) rows[y] = rgba.data() + row_bytes * y;
  if (!read_rows(reader, rows.data())) return false;
  over_white(rgba.data(), width * picture.height, picture.rgb.data());
  return true;
}

// What follows the pixels is metadata: a fault there costs the metadata, not the picture.
void read_end(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return;
  png_read_end(reader.png, reader.info);
}

// The bytes of a "Raw profile" text; stops at the first thing that is not hexadecimal.
std::string profile_bytes(std::string_view text) {
  for (int line = 0; line < 3; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    if (c == '\n') continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) break;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<char>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

std::string_view text_of(const Reader& reader, std::string_view key) {
  png_textp texts = nullptr;
  int count = 0;
  png_get_text(reader.png, reader.info, &texts, &count);
  for (int i = 0; i < count; ++i) {
    if (key != texts[i].key || texts[i].text == nullptr) continue;
    const bool international = texts[i].compression >= PNG_ITXT_COMPRESSION_NONE;
    return {texts[i].text, international ? texts[i].itxt_length : texts[i].text_length};
  }
  return {};
}

int orientation_of(const Reader& reader) {
  png_bytep exif = nullptr;
  png_uint_32 exif_bytes = 0;
  std::optional<int> found;
  if (png_get_eXIf_1(reader.png, reader.info, &exif_bytes, &exif) != 0) {
    found = exif_orientation({reinterpret_cast<const char*>(exif), exif_bytes});
  } else {
    found = exif_orientation(profile_bytes(text_of(reader, kExifProfileKey)));
  }
  if (!found) found = xmp_orientation(text_of(reader, kXmpKey));
  return found.value_or(1);
}

}  // namespace

Stored decode_png(std::string_view file_bytes, const DecodeLimits& limits) {
  Reader reader(file_bytes);
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) throw std::bad_alloc();
  const auto fail_with = [&reader] { fail(std::string("the PNG is damaged: ") + reader.message); };

  if (!read_header(reader)) fail_with();
  const bool transparent = is_transparent(reader);
  Stored stored;
  stored.picture = allocate(
      png_get_image_width(reader.png, reader.info), png_get_image_height(reader.png, reader.info),
      transparent && is_interlaced(reader) ? kInterlacedBytesPerPixel : 0, limits);
  const bool read =
      transparent ? read_transparent(reader, stored.picture) : read_opaque(reader, stored.picture);
  if (!read) fail_with();
  read_end(reader);
  stored.orientation = orientation_of(reader);
  return stored;
}

}  // namespace sanctum::image
