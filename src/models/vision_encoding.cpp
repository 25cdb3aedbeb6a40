#include "models/vision_encoding.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>

#include "base/invariant.h"
#include "image/qwen_patches.h"

namespace sanctum::models {
namespace {

constexpr int kRowsMin = 32;  // that a part has at least: fewer cost as much

mx::array rows_of(const mx::array& x, int first, int last) {
  mx::Shape start(x.ndim(), 0), stop = x.shape();
  start[0] = first;
  stop[0] = last;
  return mx::slice(x, start, stop);
}

mx::array joined(std::vector<mx::array>& parts) {
  mx::array all = parts.size() == 1 ? parts.front() : mx::concatenate(parts, 0);
  parts.clear();
  return all;
}

// The tower as a row of stages, each of which goes through all rows before the next begins: embed,
// then project and finish for each block (and merge, where its features are wanted), then merge.
class VisionEncoding final : public Encoding {
 public:
  VisionEncoding(const VisionTower& tower, const image::QwenPicture& picture)
      : tower_(tower),
        picture_(picture),
        rows_(picture.grid.h * picture.grid.w),
        places_(tower.places(picture.grid)) {
    SANCTUM_INVARIANT(picture.grid.t == 1, "a picture has one frame");
  }

  double advance(double work) override {
    double done = 0;
    do {
      const double row_work = work_of_row();
      const int unit = tower_.config().merge_size * tower_.config().merge_size;
      const int wanted = static_cast<int>(std::clamp((work - done) / row_work, 0.0, 1.0 * rows_));
      const int count = std::max(wanted, kRowsMin) / unit * unit + unit;
      const int last = std::min(next_ + count, rows_);
      run(next_, last);
      done += row_work * (last - next_);
      next_ = last;
      if (next_ == rows_) begin_next_stage();
    } while (stage_ != Stage::kDone && done < work);
    evaluate();
    return done;
  }

  std::optional<VisualFeatures> take() override {
    if (stage_ != Stage::kDone) return std::nullopt;
    return VisualFeatures{*hidden_, std::move(deepstack_)};
  }

 private:
  enum class Stage { kEmbed, kProject, kFinish, kDeepstack, kMerge, kDone };

  const VisionTower::Block& block() const { return tower_.blocks()[block_]; }

  // Multiply-adds, nearly.
  double work_of_row() const {
    const VisionConfig& c = tower_.config();
    const double width = c.hidden_size, merged = width * c.merge_size * c.merge_size;
    switch (stage_) {
      case Stage::kEmbed:
        return width * picture_.columns();
      case Stage::kProject:
        return 3 * width * width;
      case Stage::kFinish:
        return width * (2.0 * rows_ + width + 2.0 * c.intermediate_size);
      default:
        return width * (merged + c.out_hidden_size);
    }
  }

  void run(int first, int last) {
    switch (stage_) {
      case Stage::kEmbed:
        parts_.push_back(tower_.embed(picture_, first, last));
        return;
      case Stage::kProject: {
        auto [q, k, v] = block().project(rows_of(*hidden_, first, last), rotation(first, last));
        queries_.push_back(std::move(q));
        keys_.push_back(std::move(k));
        values_.push_back(std::move(v));
        return;
      }
      case Stage::kFinish:
        parts_.push_back(block().finish(rows_of(*hidden_, first, last),
                                        rows_of(queries_.front(), first, last), *picture_keys_));
        return;
      case Stage::kDeepstack:
        parts_.push_back((*tower_.deepstack_merger(block_))(rows_of(*hidden_, first, last)));
        return;
      default:
        parts_.push_back(tower_.merger()(rows_of(*hidden_, first, last)));
    }
  }

  // The angles are every block's: computed with the first, a part at a time.
  nn::Rotation rotation(int first, int last) {
    if (block_ > 0) return rotations_.front().rows(first, last);
    rotations_.push_back(tower_.rope().table({places_.begin() + first, places_.begin() + last}));
    return rotations_.back();
  }

  void begin_next_stage() {
    next_ = 0;
    switch (stage_) {
      case Stage::kEmbed:
        hidden_ = joined(parts_);
        stage_ = tower_.blocks().empty() ? Stage::kMerge : Stage::kProject;
        return;
      case Stage::kProject:
        if (block_ == 0) rotations_ = {nn::Rotation::joined(rotations_)};
        queries_ = {joined(queries_)};
        picture_keys_ = block().attend.picture_keys(joined(keys_), joined(values_));
        stage_ = Stage::kFinish;
        return;
      case Stage::kFinish:
        hidden_ = joined(parts_);
        queries_.clear();
        picture_keys_.reset();
        if (tower_.deepstack_merger(block_) != nullptr)
          stage_ = Stage::kDeepstack;
        else
          begin_next_block();
        return;
      case Stage::kDeepstack:
        deepstack_.push_back(joined(parts_));
        begin_next_block();
        return;
      default:
        hidden_ = joined(parts_);
        stage_ = Stage::kDone;
    }
  }

  void begin_next_block() {
    ++block_;
    stage_ = block_ == tower_.blocks().size() ? Stage::kMerge : Stage::kProject;
  }

  // Everything that later parts need, so that no graph grows from step to step.
  void evaluate() {
    std::vector<mx::array> arrays = parts_;
    for (const auto* more : {&queries_, &keys_, &values_, &deepstack_})
      arrays.insert(arrays.end(), more->begin(), more->end());
    if (picture_keys_) {
      arrays.insert(arrays.end(), picture_keys_->arrays.begin(), picture_keys_->arrays.end());
    }
    if (hidden_) arrays.push_back(*hidden_);
    mx::eval(arrays);
  }

  const VisionTower& tower_;
  const image::QwenPicture& picture_;
  int rows_;
  std::vector<nn::Position> places_;
  std::vector<nn::Rotation> rotations_;  // parts of it; later one of all rows

  Stage stage_ = Stage::kEmbed;
  std::size_t block_ = 0;
  int next_ = 0;                     // row of the stage
  std::optional<mx::array> hidden_;  // [rows, width], what the stage reads; at last the embeddings
  std::vector<mx::array> parts_;     // of what the stage writes
  std::vector<mx::array> queries_, keys_, values_;  // parts of these; later one array of queries
  std::optional<nn::PictureKeys> picture_keys_;
  std::vector<mx::array> deepstack_;
};

}  // namespace

std::unique_ptr<Encoding> begin_vision_encoding(const VisionTower& tower,
                                                const image::QwenPicture& picture) {
  return std::make_unique<VisionEncoding>(tower, picture);
}

}  // namespace sanctum::models
