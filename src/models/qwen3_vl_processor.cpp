// Pictures into Qwen3-VL's prompt: each placeholder becomes as many tokens as the picture has
// merged patches, and positions follow the picture's rows and columns (transformers,
// `get_rope_index`).
#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "image/decode.h"
#include "image/qwen_config.h"
#include "models/qwen3_vl.h"
#include "models/qwen_prepared.h"
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

// Runs `work`; its Errors name the picture's place in the request.
template <class Work>
auto naming(const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.code(), std::string("the picture could not be read: ") + error.what(), path);
  }
}

class Qwen3VlPrompt final : public PromptBuilder {
 public:
  Qwen3VlPrompt(const image::QwenImageConfig& images, int image_token, std::vector<int> ids,
                std::vector<std::string> files, std::vector<std::string> paths,
                std::int64_t tokens_max)
      : images_(images),
        image_token_(image_token),
        ids_(std::move(ids)),
        files_(std::move(files)),
        paths_(std::move(paths)),
        tokens_(static_cast<std::int64_t>(ids_.size() - files_.size())),
        tokens_max_(tokens_max) {
    refuse_over(tokens_, tokens_max_);
    for (const std::string& file : files_) bytes_ += file.size();
  }

  std::size_t pictures_left() const override { return files_.size() - pictures_.size(); }
  std::uint64_t bytes() const override { return bytes_; }

  void read_picture() override {
    const std::size_t next = pictures_.size();
    std::string& file = files_[next];
    const std::string path = next < paths_.size() ? paths_[next] : "messages";
    const image::Picture whole = naming(path, [&] { return image::decode(file); });
    const image::QwenGrid grid = naming(path, [&] {
      return image::grid_of(image::smart_resize(whole.width, whole.height, images_), images_);
    });
    tokens_ += grid.tokens(images_);
    refuse_over(tokens_, tokens_max_);
    auto prepared = std::make_shared<const QwenPrepared>(image::qwen_picture(whole, images_));
    bytes_ += prepared->bytes();
    const Sha256 digest = sha256(file);
    bytes_ -= file.size();
    std::string().swap(file);
    pictures_.push_back({digest, std::move(prepared)});
  }

  Prompt take() override {
    Prompt prompt;
    int next = 0;
    auto picture = pictures_.begin();
    for (const int id : ids_) {
      if (id == image_token_) {
        append_picture(*picture++, prompt, next);
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
  struct Read {
    Sha256 digest;
    std::shared_ptr<const QwenPrepared> prepared;
  };

  void append_picture(const Read& read, Prompt& prompt, int& next) const {
    const image::QwenGrid& grid = read.prepared->picture.grid;
    const int height = grid.h / images_.merge_size;
    const int width = grid.w / images_.merge_size;
    const int first = static_cast<int>(prompt.tokens.size());
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        prompt.tokens.push_back(image_token_);
        prompt.positions.push_back({next, next + row, next + column});
      }
    }
    next += std::max(height, width);
    prompt.images.push_back({first, height * width, read.digest, read.prepared});
  }

  const image::QwenImageConfig images_;
  const int image_token_;
  std::vector<int> ids_;
  std::vector<std::string> files_;  // empty once read
  std::vector<std::string> paths_;
  std::vector<Read> pictures_;  // of the first files
  std::int64_t tokens_;
  const std::int64_t tokens_max_;
  std::uint64_t bytes_ = 0;
};

class Qwen3VlProcessor final : public Processor {
 public:
  Qwen3VlProcessor(const image::QwenImageConfig& images, int image_token)
      : images_(images), image_token_(image_token) {}

  bool vision() const override { return true; }

  std::unique_ptr<PromptBuilder> begin(std::vector<int> ids, std::vector<std::string> files,
                                       std::vector<std::string> paths,
                                       std::int64_t tokens_max) const override {
    const auto placeholders = std::count(ids.begin(), ids.end(), image_token_);
    if (placeholders != static_cast<long>(files.size())) {
      throw Error(ErrorCode::kInvalid,
                  "the prompt has " + std::to_string(placeholders) + " picture placeholders for " +
                      std::to_string(files.size()) +
                      " pictures: the model's chat template may not show pictures where they "
                      "stand, as in a tool's result",
                  "messages");
    }
    return std::make_unique<Qwen3VlPrompt>(images_, image_token_, std::move(ids), std::move(files),
                                           std::move(paths), tokens_max);
  }

 private:
  image::QwenImageConfig images_;
  int image_token_;
};

}  // namespace

std::shared_ptr<const Processor> make_qwen3_vl_processor(const json::Node& config,
                                                         const std::string& directory) {
  constexpr int kImageToken = 151655;
  return make_qwen_processor(config, directory, kImageToken);
}

std::shared_ptr<const Processor> make_qwen_processor(const json::Node& config,
                                                     const std::string& directory,
                                                     int image_token) {
  if (!config.has("vision_config")) return std::make_shared<Processor>();
  const std::int64_t rows = config.at("text_config").at("vocab_size").as_int(1, kVocabularyMax);
  if (const auto stated = config.get("image_token_id"))
    image_token = static_cast<int>(stated->as_int(0, rows - 1));
  const image::QwenImageConfig images = image::load_qwen_image_config(directory);
  refuse_mismatch(images, VisionConfig::read(config.at("vision_config")));
  return std::make_shared<Qwen3VlProcessor>(images, image_token);
}

}  // namespace sanctum::models
