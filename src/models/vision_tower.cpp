#include "models/vision_tower.h"

#include <mlx/ops.h>

#include <algorithm>
#include <cmath>

#include "base/invariant.h"
#include "base/json.h"
#include "image/qwen_patches.h"
#include "models/decoder_config.h"
#include "models/supported_variants.h"

namespace sanctum::models {
namespace {

constexpr float kNormEps = 1e-6f;

// linspace(0, last, count), as the reference computes it in float32.
std::vector<float> line(int count, int last) {
  std::vector<float> out(static_cast<std::size_t>(count), 0.0f);
  for (int i = 1; i < count; ++i) {
    out[static_cast<std::size_t>(i)] =
        static_cast<float>(static_cast<double>(i) * last / (count - 1));
  }
  return out;
}

// Calls visit(row, column) for every patch in the order in which 2x2 neighbours are merged.
template <class Visit>
void in_merge_order(int height, int width, int merge, const Visit& visit) {
  for (int block_row = 0; block_row < height; block_row += merge) {
    for (int block_column = 0; block_column < width; block_column += merge) {
      for (int row = block_row; row < block_row + merge; ++row) {
        for (int column = block_column; column < block_column + merge; ++column) visit(row, column);
      }
    }
  }
}

// The convolution's stride is its kernel, so it is a product with the flattened patch; its columns
// are put in the patches' order: channel, time, row, column.
mx::array patch_matrix(nn::Weights& w, const std::string& name, const VisionConfig& c) {
  const int out = c.hidden_size, t = c.temporal_patch_size, p = c.patch_size, channels = c.channels;
  const mx::Shape of_mlx{out, t, p, p, channels}, of_torch{out, channels, t, p, p};
  const mx::array stored = w.tensor_of(name, {of_mlx, of_torch});
  const int columns = channels * t * p * p;
  if (stored.shape() != of_mlx) return mx::reshape(stored, {out, columns});
  return mx::contiguous(mx::reshape(mx::transpose(stored, {0, 4, 1, 2, 3}), {out, columns}));
}

nn::Rope tower_rope(nn::Weights& w, const VisionConfig& c) {
  const int pairs = c.hidden_size / c.heads / 2;  // the first half follows rows, the second columns
  const std::vector<double> plain = nn::plain_frequencies(pairs, 10000);
  std::vector<float> frequencies(plain.begin(), plain.end());
  frequencies.insert(frequencies.end(), plain.begin(), plain.end());
  std::vector<int> axes(plain.size(), 1);
  axes.insert(axes.end(), plain.size(), 2);
  return w.rope({std::move(frequencies)}, std::move(axes));
}

}  // namespace

VisionConfig VisionConfig::read(const json::Node& c) {
  const auto count = [&](std::string_view key, int fallback) {
    return c.has(key) ? static_cast<int>(c.at(key).as_int(1, kWidthMax)) : fallback;
  };
  VisionConfig out;
  out.depth = count("depth", 32);
  out.hidden_size = count("hidden_size", 1280);
  out.intermediate_size = count("intermediate_size", 3420);
  out.out_hidden_size = count("out_hidden_size", 1536);
  out.heads = count("num_heads", 16);
  if (out.heads > kHeadsMax) c.at("num_heads").fail("must be at most " + std::to_string(kHeadsMax));
  out.patch_size = count("patch_size", 14);
  out.temporal_patch_size = count("temporal_patch_size", 2);
  out.channels = count("in_channels", 3);
  out.merge_size = count("spatial_merge_size", 2);
  if (out.channels != 3) c.at("in_channels").fail("must be 3: pictures are red, green and blue");
  const auto refuse_wide = [&](std::string_view key, std::int64_t side, std::int64_t rest) {
    if (side * side <= kWidthMax / rest) return;
    c.at(key).fail("makes rows of more than " + std::to_string(kWidthMax) + " features");
  };
  refuse_wide("patch_size", out.patch_size, out.channels);
  refuse_wide("temporal_patch_size", out.patch_size,
              std::int64_t{out.channels} * out.temporal_patch_size);
  refuse_wide("spatial_merge_size", out.merge_size, out.hidden_size);
  const int places = count("num_position_embeddings", 2304);
  out.table_side = static_cast<int>(std::sqrt(places));
  if (out.table_side * out.table_side != places)
    c.at("num_position_embeddings").fail("must be a square: a table of rows and columns");
  // Half of a head follows rows and half columns, each in pairs.
  if (out.hidden_size % (4 * out.heads) != 0) {
    c.at(c.has("num_heads") ? "num_heads" : "hidden_size")
        .fail("must make num_heads divide hidden_size into heads of a multiple of 4");
  }
  const int head_size = out.hidden_size / out.heads;
  if (head_size > nn::kHeadSizeMax) {
    c.at("hidden_size")
        .fail("gives heads of size " + std::to_string(head_size) + "; at most " +
              std::to_string(nn::kHeadSizeMax) + " is supported");
  }
  refuse_variants(c, Part::kVisionTower, {out.depth, out.heads, head_size});
  if (const auto layers = c.get("deepstack_visual_indexes")) {
    for (const auto& layer : layers->as_array()) {
      out.deepstack_layers.push_back(static_cast<int>(layer.as_int(0, out.depth - 1)));
    }
  }
  return out;
}

VisionTower::Merger::Merger(nn::Weights& w, const std::string& path, const VisionConfig& c,
                            bool after)
    : norm_after_shuffle(after),
      merged_width(c.hidden_size * c.merge_size * c.merge_size),
      norm(w.layer_norm(path + ".norm", after ? merged_width : c.hidden_size, kNormEps)),
      linear_fc1(w.linear(path + ".linear_fc1", merged_width, merged_width, true)),
      linear_fc2(w.linear(path + ".linear_fc2", merged_width, c.out_hidden_size, true)) {}

mx::array VisionTower::Merger::operator()(const mx::array& x) const {
  const mx::array merged = norm_after_shuffle ? norm(mx::reshape(x, {-1, merged_width}))
                                              : mx::reshape(norm(x), {-1, merged_width});
  return linear_fc2(nn::gelu(linear_fc1(merged)));
}

VisionTower::Block::Block(nn::Weights& w, const std::string& path, const VisionConfig& c)
    : heads(c.heads),
      norm1(w.layer_norm(path + ".norm1", c.hidden_size, kNormEps)),
      norm2(w.layer_norm(path + ".norm2", c.hidden_size, kNormEps)),
      qkv(w.linear(path + ".attn.qkv", c.hidden_size, 3 * c.hidden_size, true)),
      proj(w.linear(path + ".attn.proj", c.hidden_size, c.hidden_size, true)),
      linear_fc1(w.linear(path + ".mlp.linear_fc1", c.hidden_size, c.intermediate_size, true)),
      linear_fc2(w.linear(path + ".mlp.linear_fc2", c.intermediate_size, c.hidden_size, true)),
      attend(w.attention({nn::usual_scale(c.hidden_size / c.heads)})),
      gelu_tanh(w.activation(nn::Activation::kGeluTanh)) {}

VisionTower::Block::Projected VisionTower::Block::project(const mx::array& x,
                                                          const nn::Rotation& rope) const {
  const auto parts = mx::split(qkv(norm1(x)), 3, -1);
  const auto by_head = [&](const mx::array& part) {
    return mx::reshape(part, {x.shape(0), heads, x.shape(1) / heads});
  };
  return {rope(by_head(parts[0])), rope(by_head(parts[1])), by_head(parts[2])};
}

mx::array VisionTower::Block::finish(const mx::array& x, const mx::array& q,
                                     const nn::PictureKeys& keys) const {
  const mx::array h = mx::add(x, proj(attend.full(q, keys)));
  return mx::add(h, linear_fc2(gelu_tanh(linear_fc1(norm2(h)))));
}

VisionTower::VisionTower(const VisionConfig& c, nn::Weights& w, const std::string& path)
    : config_(c),
      compute_(w.backend().compute_dtype()),
      patch_embed_(w.linear(patch_matrix(w, path + ".patch_embed.proj.weight", c),
                            w.tensor(path + ".patch_embed.proj.bias", {c.hidden_size}))),
      pos_embed_(w.embedding(path + ".pos_embed", c.table_side * c.table_side, c.hidden_size)),
      rope_(tower_rope(w, c)),
      merger_(w, path + ".merger", c, false) {
  for (int i = 0; i < c.depth; ++i)
    blocks_.emplace_back(w, path + ".blocks." + std::to_string(i), c);
  for (std::size_t i = 0; i < c.deepstack_layers.size(); ++i) {
    deepstack_mergers_.emplace_back(w, path + ".deepstack_merger_list." + std::to_string(i), c,
                                    true);
  }
}

const VisionTower::Merger* VisionTower::deepstack_merger(std::size_t block) const {
  const auto& layers = config_.deepstack_layers;
  const auto found = std::find(layers.begin(), layers.end(), static_cast<int>(block));
  if (found == layers.end()) return nullptr;
  return &deepstack_mergers_[static_cast<std::size_t>(found - layers.begin())];
}

std::vector<nn::Position> VisionTower::places(const image::QwenGrid& grid) const {
  std::vector<nn::Position> out;
  out.reserve(static_cast<std::size_t>(grid.h) * static_cast<std::size_t>(grid.w));
  in_merge_order(grid.h, grid.w, config_.merge_size,
                 [&](int row, int column) { out.push_back({0, row, column}); });
  return out;
}

// The position table read bilinearly at the picture's grid, [last - first, hidden].
mx::array VisionTower::positions(const image::QwenGrid& grid, int first, int last) const {
  const int side = config_.table_side;
  const std::vector<float> rows = line(grid.h, side - 1);
  const std::vector<float> columns = line(grid.w, side - 1);
  std::array<std::vector<int>, 4> indices;
  std::array<std::vector<float>, 4> shares;
  int patch = 0;
  in_merge_order(grid.h, grid.w, config_.merge_size, [&](int row, int column) {
    const int at = patch++;
    if (at < first || at >= last) return;
    const float y = rows[static_cast<std::size_t>(row)];
    const float x = columns[static_cast<std::size_t>(column)];
    const int top = static_cast<int>(y), left = static_cast<int>(x);
    const int bottom = std::min(top + 1, side - 1), right = std::min(left + 1, side - 1);
    const float dy = y - static_cast<float>(top), dx = x - static_cast<float>(left);
    const std::array<int, 4> corner{top * side + left, top * side + right, bottom * side + left,
                                    bottom * side + right};
    const std::array<float, 4> share{(1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx};
    for (std::size_t i = 0; i < 4; ++i) {
      indices[i].push_back(corner[i]);
      shares[i].push_back(share[i]);
    }
  });
  std::optional<mx::array> sum;
  for (std::size_t i = 0; i < 4; ++i) {
    const mx::array table = pos_embed_(mx::array(indices[i].begin(), {last - first}, mx::int32));
    const mx::array share =
        mx::astype(mx::array(shares[i].begin(), {last - first, 1}, mx::float32), table.dtype());
    const mx::array part = mx::multiply(table, share);
    sum = sum ? mx::add(*sum, part) : part;
  }
  return *sum;
}

mx::array VisionTower::embed(const image::QwenPicture& picture, int first, int last) const {
  const mx::array patches(image::qwen_patches(picture, first, last).begin(),
                          {last - first, picture.columns()}, mx::float32);
  return mx::add(patch_embed_(mx::astype(patches, compute_)), positions(picture.grid, first, last));
}

}  // namespace sanctum::models
