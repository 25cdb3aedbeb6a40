#include "image/qwen_config.h"

#include <algorithm>
#include <iterator>

#include "base/file.h"
#include "base/json.h"

namespace sanctum::image {
namespace {

constexpr int kPatchSizeMax = 128;            // pixels
constexpr int kTemporalPatchSizeMax = 16;     // frames
constexpr int kMergeSizeMax = 16;             // patches
constexpr std::int64_t kPixelsMax = 1 << 26;  // pixels of a resized picture
constexpr std::uint64_t kConfigBytesMax = 1 << 20;

void read_int(const json::Node& from, std::string_view key, int high, int& into) {
  if (const auto node = from.get(key)) into = static_cast<int>(node->as_int(1, high));
}

void read_pixels(const json::Node& from, std::string_view key, std::int64_t& into) {
  if (const auto node = from.get(key)) into = node->as_int(1, kPixelsMax);
}

void read_channels(const json::Node& from, std::string_view key, double low,
                   std::array<float, 3>& into) {
  const auto node = from.get(key);
  if (!node) return;
  const auto values = node->as_array(into.size());
  if (values.size() != into.size()) node->fail("expected three numbers, one a channel");
  for (std::size_t i = 0; i < into.size(); ++i) {
    into[i] = static_cast<float>(values[i].as_double(low, 1e3));
  }
}

// A preparation that is not this one would be computed wrongly: it is refused, by name.
void check_variant(const json::Node& from) {
  constexpr std::int64_t kBicubic = 3;  // Pillow's number
  constexpr std::string_view kProcessors[] = {"Qwen2VLImageProcessor", "Qwen2_5_VLImageProcessor",
                                              "Qwen3VLImageProcessor"};
  const auto refuse_if = [&](bool wrong, const char* key) {
    if (wrong) from.at(key).fail("pictures are not prepared this way here");
  };
  const std::string type = from.as_string_or("image_processor_type", "");
  refuse_if(!type.empty() && std::none_of(std::begin(kProcessors), std::end(kProcessors),
                                          [&](auto known) { return type.starts_with(known); }),
            "image_processor_type");
  refuse_if(!from.as_bool_or("do_resize", true), "do_resize");
  refuse_if(from.as_int_or("resample", kBicubic) != kBicubic, "resample");
  for (const char* key : {"do_center_crop", "do_pad"}) refuse_if(from.as_bool_or(key, false), key);
}

void apply(const json::Node& from, QwenImageConfig& config) {
  check_variant(from);
  read_int(from, "patch_size", kPatchSizeMax, config.patch_size);
  read_int(from, "temporal_patch_size", kTemporalPatchSizeMax, config.temporal_patch_size);
  read_int(from, "merge_size", kMergeSizeMax, config.merge_size);
  config.do_rescale = from.as_bool_or("do_rescale", config.do_rescale);
  config.do_normalize = from.as_bool_or("do_normalize", config.do_normalize);
  if (const auto factor = from.get("rescale_factor")) {
    config.rescale_factor = static_cast<float>(factor->as_double(0.0, 1.0));
  }
  read_channels(from, "image_mean", -1e3, config.image_mean);
  read_channels(from, "image_std", 1e-6, config.image_std);
}

void apply_size(const json::Node& from, QwenImageConfig& config) {
  if (const auto size = from.get("size")) {
    read_pixels(*size, "shortest_edge", config.min_pixels);
    read_pixels(*size, "longest_edge", config.max_pixels);
  }
}

std::string read_if_there(const std::string& path) {
  return read_file_if_there(path, kConfigBytesMax).value_or("");
}

}  // namespace

QwenImageConfig parse_qwen_image_config(std::string_view preprocessor_json,
                                        std::string_view processor_json) {
  std::vector<json::Document> documents;
  std::vector<json::Node> layers;  // later ones win
  documents.reserve(2);
  if (!preprocessor_json.empty()) {
    layers.push_back(documents.emplace_back(preprocessor_json, "preprocessor_config.json").root());
  }
  if (!processor_json.empty()) {
    const json::Node root = documents.emplace_back(processor_json, "processor_config.json").root();
    if (const auto node = root.get("image_processor")) layers.push_back(*node);
  }
  QwenImageConfig config;
  for (const json::Node& layer : layers) apply(layer, config);
  for (const json::Node& layer : layers) apply_size(layer, config);
  for (const json::Node& layer : layers) {
    read_pixels(layer, "min_pixels", config.min_pixels);
    read_pixels(layer, "max_pixels", config.max_pixels);
  }
  return config;
}

QwenImageConfig load_qwen_image_config(const std::string& model_directory) {
  return parse_qwen_image_config(read_if_there(model_directory + "/preprocessor_config.json"),
                                 read_if_there(model_directory + "/processor_config.json"));
}

}  // namespace sanctum::image
