// Rotary position embeddings (Su et al., 2021) for packed tokens.
//
// Frequencies are computed once on the host in double precision; each step turns the host's integer
// positions into one cos/sin table that all layers share. Rotation pairs dimension i with i + D/2
// (the "half split" of GPT-NeoX, which all supported checkpoints use).
#pragma once

#include <mlx/array.h>

#include <array>
#include <vector>

namespace sanctum::json {
class Node;
}

namespace sanctum::nn {

namespace mx = mlx::core;

// A token's place on the time, height and width axes; text has the same number on all three.
using Position = std::array<int, 3>;

// Inverse frequencies, one per rotated pair. Understands "default", "linear", "llama3" and "mrope"
// in `scaling` (config.json's rope_scaling or rope_parameters; may be null). Throws Error(kInvalid)
// for other kinds.
std::vector<float> rope_inverse_frequencies(int head_size, double theta, const json::Node* scaling);

// Which axis each pair follows, interleaved as Qwen3-VL does it: T H W T H W ... while the sections
// of H and W last, then T. `section` counts the pairs of each axis.
std::vector<int> interleaved_axes(const std::array<int, 3>& section, int pairs);

struct RotaryTable {
  mx::array cos;  // float32 [tokens, 1, head_size / 2]
  mx::array sin;
};

class Rope {
 public:
  // `axes` is empty for text models: every pair follows axis 0.
  Rope(std::vector<float> inverse_frequencies, std::vector<int> axes = {})
      : inverse_frequencies_(std::move(inverse_frequencies)), axes_(std::move(axes)) {}
  RotaryTable table(const std::vector<Position>& positions) const;

 private:
  std::vector<float> inverse_frequencies_;
  std::vector<int> axes_;
};

// x [tokens, heads, head_size] -> the same shape and dtype, rotated in float32.
mx::array rotate(const mx::array& x, const RotaryTable& table);

}  // namespace sanctum::nn
