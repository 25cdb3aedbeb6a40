// Pictures into Qwen3-VL's prompt: each placeholder becomes as many tokens as the picture has
// merged patches, and positions follow the picture's rows and columns (transformers,
// `get_rope_index`).
#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "image/decode.h"
#include "image/qwen_config.h"
#include "models/qwen3_vl.h"
#include "models/registry.h"
#include "models/vision_tower.h"

namespace sanctum::models {
namespace {

// Patches of another shape than the tower's would end in an MLX error on the device thread.
void refuse_mismatch(const image::QwenImageConfig& images, const VisionConfig& vision) {
  const auto same = [](const std::string& ours, int found, const std::string& theirs,
                       int expected) {
    if (found == expected) return;
    const std::string field = "preprocessor_config.json." + ours;
    throw Error(ErrorCode::kInvalid,
                "'" + field + "' is " + std::to_string(found) +
                    ", but config.json's vision_config." + theirs + " is " +
                    std::to_string(expected),
                field);
  };
  same("patch_size", images.patch_size, "patch_size", vision.patch_size);
  same("temporal_patch_size", images.temporal_patch_size, "temporal_patch_size",
       vision.temporal_patch_size);
  same("merge_size", images.merge_size, "spatial_merge_size", vision.merge_size);
}

class Qwen3VlProcessor final : public Processor {
 public:
  Qwen3VlProcessor(const image::QwenImageConfig& images, int image_token)
      : images_(images), image_token_(image_token) {}

  bool vision() const override { return true; }

  Prompt prepare(std::vector<int> ids, const std::vector<std::string>& files,
                 const std::vector<std::string>& paths, std::int64_t tokens_max) const override {
    const auto placeholders = std::count(ids.begin(), ids.end(), image_token_);
    if (placeholders != static_cast<long>(files.size())) {
      throw Error(ErrorCode::kInvalid,
                  "the prompt has " + std::to_string(placeholders) + " picture placeholders for " +
                      std::to_string(files.size()) + " pictures",
                  "messages");
    }
    Prompt prompt;
    std::int64_t tokens = static_cast<std::int64_t>(ids.size()) - placeholders;
    refuse_over(tokens, tokens_max);
    int next = 0;
    std::size_t file = 0;
    for (const int id : ids) {
      if (id == image_token_) {
        const std::string path = file < paths.size() ? paths[file] : "messages";
        const image::Picture picture = decoded(files[file], path);
        // A token's patches are thousands of floats: none for a prompt that will not be served.
        tokens += picture_tokens(picture, path);
        refuse_over(tokens, tokens_max);
        append_picture(picture, prompt, next);
        prompt.images.back().digest = sha256(files[file++]);
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
  // Runs `work`; its Errors name the picture's place in the request.
  template <class Work>
  static auto naming(const std::string& path, const Work& work) {
    try {
      return work();
    } catch (const Error& error) {
      throw Error(error.code(), std::string("the picture could not be read: ") + error.what(),
                  path);
    }
  }

  static image::Picture decoded(const std::string& file, const std::string& path) {
    return naming(path, [&] { return image::decode(file); });
  }

  std::int64_t picture_tokens(const image::Picture& picture, const std::string& path) const {
    return naming(path, [&] {
      return image::grid_of(image::smart_resize(picture.width, picture.height, images_), images_)
          .tokens(images_);
    });
  }

  void append_picture(const image::Picture& from, Prompt& prompt, int& next) const {
    PromptImage picture;
    picture.patches = image::qwen_patches(from, images_);
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
  const std::int64_t rows = config.at("text_config").at("vocab_size").as_int(1, kVocabularyMax);
  const auto stated = config.get("image_token_id");
  const int image_token = stated ? static_cast<int>(stated->as_int(0, rows - 1)) : 151655;
  const image::QwenImageConfig images = image::load_qwen_image_config(directory);
  refuse_mismatch(images, VisionConfig::read(config.at("vision_config")));
  return std::make_shared<Qwen3VlProcessor>(images, image_token);
}

}  // namespace sanctum::models
