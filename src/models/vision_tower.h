// Qwen3-VL's vision tower: patches of one picture -> tokens of the language model's width.
//
// Patch embedding plus a learned position table interpolated to the picture's grid, transformer
// blocks with 2-D rotary positions, and a merger that joins every 2x2 patches into one token; the
// states after some blocks go through mergers of their own ("deepstack").
#pragma once

#include <vector>

#include "image/qwen_patches.h"
#include "models/model.h"
#include "nn/layers.h"
#include "nn/rope.h"
#include "nn/weights.h"

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

struct VisionConfig {
  int depth;
  int hidden_size;
  int intermediate_size;
  int out_hidden_size;
  int heads;
  int patch_size;
  int temporal_patch_size;
  int channels;
  int merge_size;
  int table_side;  // the position table has table_side * table_side rows
  std::vector<int> deepstack_layers;

  static VisionConfig read(const json::Node& config);
};

// What the tower is made of; models/vision_encoding.h puts it together. Every part takes rows of a
// picture, in merge order, and computes each by itself.
class VisionTower {
 public:
  VisionTower(const VisionConfig& config, nn::Weights& weights, const std::string& path);

  struct Merger {
    Merger(nn::Weights& w, const std::string& path, const VisionConfig& c, bool norm_after_shuffle);
    mx::array operator()(const mx::array& x) const;
    bool norm_after_shuffle;
    int merged_width;
    nn::LayerNorm norm;
    nn::Linear linear_fc1, linear_fc2;
  };
  struct Block {
    Block(nn::Weights& w, const std::string& path, const VisionConfig& c);
    struct Projected {
      mx::array q, k, v;  // [rows, heads, head_size]
    };
    Projected project(const mx::array& x, const nn::Rotation& rope) const;
    // The block's output for rows x with queries q, once all rows' keys are there.
    mx::array finish(const mx::array& x, const mx::array& q, const nn::PictureKeys& keys) const;
    int heads;
    nn::LayerNorm norm1, norm2;
    nn::Linear qkv, proj, linear_fc1, linear_fc2;
    nn::Attention attend;
    nn::Activate gelu_tanh;
  };

  // Patches [first, last), as rows with their learned positions.
  mx::array embed(const image::QwenPicture& picture, int first, int last) const;
  // Of all patches.
  std::vector<nn::Position> places(const image::QwenGrid& grid) const;
  const nn::Rope& rope() const { return rope_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  // Joins rows, in whole groups of merge_size * merge_size, into tokens.
  const Merger& merger() const { return merger_; }
  // What merges the rows after block `block` into features of an early layer; null for most.
  const Merger* deepstack_merger(std::size_t block) const;
  const VisionConfig& config() const { return config_; }

 private:
  mx::array positions(const image::QwenGrid& grid, int first, int last) const;

  VisionConfig config_;
  mx::Dtype compute_;
  nn::Linear patch_embed_;  // of channels * temporal * patch * patch pixels
  nn::Embedding pos_embed_;
  nn::Rope rope_;
  std::vector<Block> blocks_;
  Merger merger_;
  std::vector<Merger> deepstack_mergers_;
};

}  // namespace sanctum::models
