// Qwen3-VL's vision tower: patches of one picture -> tokens of the language model's width.
//
// Patch embedding plus a learned position table interpolated to the picture's grid, transformer
// blocks with 2-D rotary positions, and a merger that joins every 2x2 patches into one token; the
// states after some blocks go through mergers of their own ("deepstack").
#pragma once

#include <vector>

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

class VisionTower {
 public:
  VisionTower(const VisionConfig& config, nn::Weights& weights, const std::string& path);
  // Not evaluated.
  VisualFeatures encode(const image::QwenPatches& patches) const;

 private:
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
    mx::array operator()(const mx::array& x, const nn::Rotation& rope) const;
    int heads;
    nn::LayerNorm norm1, norm2;
    nn::Linear qkv, proj, linear_fc1, linear_fc2;
    nn::Attention attend;
    nn::GeluTanh gelu_tanh;
  };

  mx::array positions(int grid_height, int grid_width) const;

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
