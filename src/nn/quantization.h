// What config.json says of quantized weights.
//
// MLX's own key is "quantization": a format for all layers that have scales, and overrides by a
// layer's path, `false` for a plain one. As for MLX, an override says all there is to say: what it
// leaves out are its mode's defaults, not the format of the rest. Without that key,
// "quantization_config" may be the same, or name a method of another toolkit, of which three are
// read as they are. ModelOpt may say it in hf_quant_config.json alone.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace sanctum::json {
class Node;
}

namespace sanctum::nn {

// MLX's modes. Beside affine integers with scales and biases in a floating type: E2M1 in groups of
// 32 with scales of E8M0, the same in groups of 16 with scales of E4M3, and E4M3 in groups of 32
// with scales of E8M0.
enum class QuantizationMode { kAffine, kMxfp4, kNvfp4, kMxfp8 };
const char* to_string(QuantizationMode mode);

struct Quantization {
  int group_size = 64;
  int bits = 4;
  QuantizationMode mode = QuantizationMode::kAffine;

  bool operator==(const Quantization&) const = default;
  // "8-bit group 64", or the mode.
  std::string describe() const;
};

// The only mxfp4 that there is.
inline constexpr Quantization kMxfp4{32, 4, QuantizationMode::kMxfp4};

// Methods of other toolkits, beside which a layer is quantized if its scales are stored.
enum class ForeignQuantization {
  kNone,
  kFp8,            // E4M3 with a weight_scale_inv for each block, or one for all
  kModelOptNvfp4,  // NVFP4's groups, and a weight_scale_2 for all of a matrix
};

struct QuantizationConfig {
  std::optional<Quantization> all;  // nothing: no layer is quantized so
  std::map<std::string, std::optional<Quantization>> overrides;
  ForeignQuantization foreign = ForeignQuantization::kNone;
  int block_rows = 0, block_columns = 0;  // of kFp8; 0: one block is the matrix

  // "8-bit group 64", "mxfp4", "fp8 as bfloat16" or "none".
  std::string describe() const;
};

// Of config.json's root. Throws Error(kInvalid) that names the member for methods, modes, bits and
// groups, and their combinations, that are not supported.
QuantizationConfig read_quantization(const json::Node& config);
// The same, or what hf_quant_config.json in `directory` says where config.json says nothing.
QuantizationConfig read_quantization(const json::Node& config, const std::string& directory);

}  // namespace sanctum::nn
