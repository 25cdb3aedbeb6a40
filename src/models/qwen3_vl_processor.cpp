// Pictures into Qwen3-VL's prompt: each placeholder becomes as many tokens as the picture has
// merged patches, and positions follow the picture's rows and columns (transformers,
// `get_rope_index`).
#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "image/decode.h"
#include "image/qwen_config.h"
#include "models/qwen3_vl.h"

namespace sanctum::models {
namespace {

class Qwen3VlProcessor final : public Processor {
 public:
  Qwen3VlProcessor(image::QwenImageConfig images, int image_token)
      : images_(std::move(images)), image_token_(image_token) {}

  bool vision() const override { return true; }

  Prompt prepare(std::vector<int> ids, const std::vector<std::string>& files,
                 const std::vector<std::string>& paths) const override {
    const auto placeholders = std::count(ids.begin(), ids.end(), image_token_);
    if (placeholders != static_cast<long>(files.size())) {
      throw Error(ErrorCode::kInvalid,
                  "the prompt has " + std::to_string(placeholders) + " picture placeholders for " +
                      std::to_string(files.size()) + " pictures",
                  "messages");
    }
    Prompt prompt;
    int next = 0;
    std::size_t file = 0;
    for (const int id : ids) {
      if (id == image_token_) {
        append_picture(files[file], file < paths.size() ? paths[file] : "messages", prompt, next);
        ++file;
      } else {
        prompt.tokens.push_back(id);
        prompt.positions.push_back({next, next, next});
        ++next;
      }
    }
    prompt.next_position = next;
    return prompt;
  }

 private:
  void append_picture(const std::string& file, const std::string& path, Prompt& prompt,
                      int& next) const {
    PromptImage picture;
    try {
      picture.patches = image::qwen_patches(image::decode(file), images_);
    } catch (const Error& error) {
      throw Error(error.code(), std::string("the picture could not be read: ") + error.what(),
                  path);
    }
    const int height = picture.patches.grid.h / images_.merge_size;
    const int width = picture.patches.grid.w / images_.merge_size;
    picture.first = static_cast<int>(prompt.tokens.size());
    picture.count = height * width;
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        prompt.tokens.push_back(image_token_);
        prompt.positions.push_back({next, next + row, next + column});
      }
    }
    next += std::max(height, width);
    prompt.images.push_back(std::move(picture));
  }

  image::QwenImageConfig images_;
  int image_token_;
};

}  // namespace

std::shared_ptr<const Processor> make_qwen3_vl_processor(const json::Node& config,
                                                         const std::string& directory) {
  const int image_token = static_cast<int>(config.as_int_or("image_token_id", 151655));
  return std::make_shared<Qwen3VlProcessor>(image::load_qwen_image_config(directory), image_token);
}

}  // namespace sanctum::models
