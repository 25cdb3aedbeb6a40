// The setjmp rule of decode_png.cpp holds here too.
// clang-format off
#include <cstddef>  // jpeglib.h uses size_t and FILE without including them
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "image/codecs.h"
#include "image/orientation.h"

namespace sanctum::image {
namespace {

constexpr std::string_view kXmpPrefix{"http://ns.adobe.com/xap/1.0/\0", 29};
constexpr std::string_view kExifPrefix{"Exif\0\0", 6};
constexpr unsigned kMarkerBytesMax = 0xffff;

struct Reader {
  Reader() { std::memset(&info, 0, sizeof info); }
  ~Reader() { jpeg_destroy_decompress(&info); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_source_mgr source;
  jpeg_progress_mgr progress;
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX] = "";
};

Reader& reader_of(j_common_ptr info) {
  return *static_cast<Reader*>(info->client_data);
}

[[noreturn]] void escape(Reader& reader, const char* message) {
  std::snprintf(reader.message, sizeof reader.message, "%s", message);
  std::longjmp(reader.escape, 1);
}

void on_error(j_common_ptr info) {
  Reader& reader = reader_of(info);
  if (info->err->msg_code == JERR_NO_BACKING_STORE) {
    escape(reader, "decoding it needs too much memory; send a smaller or a baseline one");
  }
  char message[JMSG_LENGTH_MAX];
  info->err->format_message(info, message);
  escape(reader, message);
}

void on_message(j_common_ptr, int) {}

void on_source(j_decompress_ptr) {}

boolean on_more(j_decompress_ptr info) {
  escape(reader_of(reinterpret_cast<j_common_ptr>(info)), "the file is truncated");
}

void on_skip(j_decompress_ptr info, long bytes) {
  if (bytes <= 0) return;
  const auto skipped = std::min(static_cast<std::size_t>(bytes), info->src->bytes_in_buffer);
  info->src->next_input_byte += skipped;
  info->src->bytes_in_buffer -= skipped;
}

// A progressive file may hold any number of scans, each as dear as a whole picture.
void on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kJpegScansMax) {
    escape(reader_of(info), "it has too many scans");
  }
}

void connect(Reader& reader, std::string_view bytes) {
  reader.source.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
  reader.source.bytes_in_buffer = bytes.size();
  reader.source.init_source = on_source;
  reader.source.fill_input_buffer = on_more;
  reader.source.skip_input_data = on_skip;
  reader.source.resync_to_restart = jpeg_resync_to_restart;
  reader.source.term_source = on_source;
  reader.progress = {};
  reader.progress.progress_monitor = on_progress;
}

bool read_header(Reader& reader, long working_bytes_max) {
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = on_error;
  reader.errors.emit_message = on_message;
  reader.info.client_data = &reader;
  if (setjmp(reader.escape)) return false;
  jpeg_create_decompress(&reader.info);
  reader.info.mem->max_memory_to_use = working_bytes_max;
  reader.info.src = &reader.source;
  reader.info.progress = &reader.progress;
  jpeg_save_markers(&reader.info, JPEG_APP0 + 1, kMarkerBytesMax);
  jpeg_read_header(&reader.info, TRUE);
  return true;
}

// One channel of Adobe's inverted CMYK over inverted black, rounded as Pillow rounds it.
std::uint8_t over_black(unsigned inverted_ink, unsigned inverted_black) {
  const unsigned product = (255 - inverted_ink) * inverted_black + 128;
  return static_cast<std::uint8_t>(inverted_black - (((product >> 8) + product) >> 8));
}

// `row` is one row of four channels; not touched unless the file has four.
bool read_pixels(Reader& reader, std::uint8_t* rgb, std::uint8_t* row) {
  if (setjmp(reader.escape)) return false;
  const bool cmyk = reader.info.num_components == 4;
  reader.info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&reader.info);
  const std::size_t width = reader.info.output_width;
  while (reader.info.output_scanline < reader.info.output_height) {
    std::uint8_t* out = rgb + width * 3 * reader.info.output_scanline;
    JSAMPROW into = cmyk ? row : out;
    jpeg_read_scanlines(&reader.info, &into, 1);
    for (std::size_t x = 0; cmyk && x < width; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        out[x * 3 + channel] = over_black(row[x * 4 + channel], row[x * 4 + 3]);
      }
    }
  }
  jpeg_finish_decompress(&reader.info);
  return true;
}

int orientation_of(const Reader& reader) {
  std::optional<int> exif;
  std::optional<int> xmp;
  for (jpeg_saved_marker_ptr at = reader.info.marker_list; at != nullptr; at = at->next) {
    const std::string_view data(reinterpret_cast<const char*>(at->data), at->data_length);
    if (!exif && data.starts_with(kExifPrefix)) exif = exif_orientation(data);
    if (!xmp && data.starts_with(kXmpPrefix)) xmp = xmp_orientation(data);
  }
  return exif ? *exif : xmp.value_or(1);
}

}  // namespace

Stored decode_jpeg(std::string_view file_bytes, const DecodeLimits& limits) {
  Reader reader;
  connect(reader, file_bytes);
  const auto fail_with = [&reader] { fail(std::string("the JPEG is damaged: ") + reader.message); };
  if (!read_header(reader, static_cast<long>(limits.working_bytes_max))) fail_with();
  const int channels = reader.info.num_components;
  if (channels != 1 && channels != 3 && channels != 4) {
    fail("the JPEG has " + std::to_string(channels) + " channels; gray, colour or CMYK is read");
  }
  Stored stored;
  stored.picture = allocate(reader.info.image_width, reader.info.image_height, 0, limits);
  stored.orientation = orientation_of(reader);
  std::vector<std::uint8_t> row(channels == 4 ? std::size_t{4} * stored.picture.width : 0);
  if (!read_pixels(reader, stored.picture.rgb.data(), row.data())) fail_with();
  return stored;
}

}  // namespace sanctum::image
