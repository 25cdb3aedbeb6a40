// sanctum-image-probe FILE [MODEL_DIRECTORY]: a picture through decoder and Qwen-VL processor.
//
// Writes one line of JSON (width, height, grid, columns), then the patches as raw little-endian
// float32. With "--rgb FILE" writes width, height and the decoded RGB bytes instead. Tests compare
// both with mlx-vlm and Pillow. Exit status: 0, or 2 with a JSON error line on standard error.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "image/decode.h"
#include "image/qwen_patches.h"

namespace {

constexpr std::uint64_t kFileBytesMax = 1ull << 28;

void write_bytes(const void* bytes, std::size_t size) {
  std::fwrite(bytes, 1, size, stdout);
}

void write_header(sanctum::json::Writer& header) {
  const std::string line = header.end_object().take() + "\n";
  write_bytes(line.data(), line.size());
}

void run(bool rgb_only, const std::string& file, const std::string& model_directory) {
  using namespace sanctum;
  const image::Picture picture = image::decode(read_file(file, kFileBytesMax));
  json::Writer header;
  header.begin_object().field("width", picture.width).field("height", picture.height);
  if (rgb_only) {
    write_header(header);
    write_bytes(picture.rgb.data(), picture.rgb.size());
    return;
  }
  image::QwenImageConfig config;
  if (!model_directory.empty()) config = image::load_qwen_image_config(model_directory);
  const image::QwenPicture resized = image::qwen_picture(picture, config);
  const std::vector<float> patches =
      image::qwen_patches(resized, 0, static_cast<int>(resized.grid.patches()));
  header.key("grid").begin_array();
  header.value(resized.grid.t).value(resized.grid.h).value(resized.grid.w).end_array();
  header.field("columns", resized.columns());
  write_header(header);
  write_bytes(patches.data(), patches.size() * sizeof(float));
}

}  // namespace

int main(int argc, char** argv) {
  const bool rgb_only = argc > 1 && std::string_view(argv[1]) == "--rgb";
  const int first = rgb_only ? 2 : 1;
  if (argc <= first || argc > first + (rgb_only ? 1 : 2)) {
    std::fprintf(stderr, "usage: sanctum-image-probe [--rgb] FILE [MODEL_DIRECTORY]\n");
    return 2;
  }
  try {
    run(rgb_only, argv[first], argc > first + 1 ? argv[first + 1] : "");
  } catch (const sanctum::Error& error) {
    sanctum::json::Writer line;
    line.begin_object().field("code", sanctum::to_string(error.code()));
    line.field("field", error.field()).field("message", std::string_view(error.what()));
    std::fprintf(stderr, "%s\n", line.end_object().take().c_str());
    return 2;
  }
  return 0;
}
