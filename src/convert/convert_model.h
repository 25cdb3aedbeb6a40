// Makes an MLX model directory of one in Hugging Face's form, or quantizes one: the same tensors,
// bit for bit, and the same config.json as mlx_lm.convert makes.
//
// What differs: tokenizer files are copied as they are (mlx_lm writes them anew), of weights in
// several files it may be another that has a tensor (they lie in the order of their names), and an
// output head that config.json does not call tied is kept where it is stored (mlx_lm drops some).
// Contract: the target comes into being as a whole or not at all, and is not begun where the disk
// has no room for it. Memory is bounded: a piece of a tensor at a time.
// Thread rule: one thread; `stop` may be set from anywhere, a signal handler too.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "convert/affine_quantize.h"

namespace sanctum::convert {

inline constexpr std::size_t kPatternsMax = 100;

struct ConvertOptions {
  std::optional<Affine> quantize = {};
  std::optional<Dtype> dtype = {};  // nothing: what config.json's torch_dtype says, else as stored
  // Of modules, by their path: `*` is anything, and a pattern may begin and end anywhere. The first
  // that fits counts; before what the architecture's own rules say.
  std::vector<std::string> keep = {};                     // not quantized
  std::vector<std::pair<std::string, int>> bits_of = {};  // other bits
};

struct ConvertResult {
  std::string architecture;
  std::uint64_t bytes = 0;  // of weights that were written
  std::size_t tensors = 0;
  std::size_t quantized = 0;    // of them, matrices
  std::size_t undivided = 0;    // matrices that stay, since no whole groups make up their rows
  bool float32_scales = false;  // of a matrix that is quantized
  std::vector<std::string> unused = {};              // patterns that fit nothing
  std::map<std::string, std::size_t> left_out = {};  // how many tensors, by what they are
};

// Bytes of the source's tensors that are done, and of all.
using ConvertProgress = std::function<void(std::uint64_t done, std::uint64_t of)>;

// Whether a pattern fits a module's path.
bool fits(const std::string& pattern, const std::string& path);

// Throws Error: kInvalid and kCorrupt naming the member, file or tensor (a weight file that was
// written to meanwhile, too), kNotFound, kBusy, kUnavailable (a full disk), and kCancelled when
// `stop` was set.
ConvertResult convert_model(const std::string& from, const std::string& target,
                            const ConvertOptions& options, const ConvertProgress& progress,
                            const std::atomic<bool>& stop);

}  // namespace sanctum::convert
