// Rotary position embeddings (Su et al., 2021) for packed tokens.
//
// Frequencies are given (models/rope_config.h reads them); each step turns the host's integer
// positions into one table of cosines and sines that all layers share, or hands them to a backend
// that turns by places itself (not a picture's: its pairs follow different axes). Rotation pairs
// dimension i with i + D/2 (the "half split" of GPT-NeoX, which all supported checkpoints use).
#pragma once

#include <mlx/array.h>

#include <array>
#include <optional>
#include <vector>

#include "nn/backend.h"

namespace sanctum::nn {

namespace mx = mlx::core;

// A token's place on the time, height and width axes; text has the same number on all three.
using Position = std::array<int, 3>;

// By what the pairs of a head turn from one place to the next. What a head has beyond its pairs is
// not rotated.
struct RopeFrequencies {
  std::vector<float> of_pairs;  // radians; 0: it does not turn
  float magnitude = 1;          // what is rotated is multiplied by it
};
// theta^(-2 i / rotated) for each pair i (Su et al., 2021).
std::vector<double> plain_frequencies(int rotated, double theta);

// Which axis each pair follows, interleaved as Qwen3-VL does it: T H W T H W ... while the sections
// of H and W last, then T. `section` counts the pairs of each axis.
std::vector<int> interleaved_axes(const std::array<int, 3>& section, int pairs);

// The rotation of a step's tokens.
class Rotation {
 public:
  Rotation(Angles angles, BackendPointer backend)
      : angles_(std::move(angles)), backend_(std::move(backend)) {}
  // x [tokens, heads, head_size] -> the same shape and dtype, rotated as Backend::rotate says.
  mx::array operator()(const mx::array& x) const { return backend_->rotate(x, angles_); }
  // That of the tokens [first, last) alone; of a table.
  Rotation rows(int first, int last) const;
  // That of all of them, one after another; of tables.
  static Rotation joined(const std::vector<Rotation>& parts);

 private:
  Angles angles_;
  BackendPointer backend_;
};

class Rope {
 public:
  // `axes` is empty for text models: every pair follows axis 0.
  Rope(BackendPointer backend, RopeFrequencies frequencies, std::vector<int> axes = {});
  Rotation at(const std::vector<Position>& positions) const;
  // The same, as a table whatever the backend.
  Rotation table(const std::vector<Position>& positions) const;

 private:
  BackendPointer backend_;
  RopeFrequencies frequencies_;
  std::vector<int> axes_;
  std::optional<mx::array> periods_;  // see Angles; for a backend that asks for them
};

}  // namespace sanctum::nn
