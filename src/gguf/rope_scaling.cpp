#include "gguf/rope_scaling.h"

#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "gguf/levels.h"

namespace sanctum::gguf {
namespace {

constexpr const char* kLlama3Factors = "rope_freqs.weight";
// What Llama 3.1 to 3.3 have; the stretch itself is read from the factors.
constexpr double kLowFactor = 1, kHighFactor = 4;
constexpr double kContexts[] = {8192, 4096, 16384, 32768};
constexpr double kFactorError = 1e-3;  // relative; they were computed in float32

std::vector<float> floats(const Source& source, const Tensor& tensor, int expected) {
  if (info(tensor.type).quantized() || tensor.shape.size() != 1 ||
      tensor.columns() != static_cast<std::uint64_t>(expected))
    throw Error(ErrorCode::kInvalid,
                source.name() + ": tensor " + tensor.name + " is not a list of " +
                    std::to_string(expected) + " numbers, one for each pair that is rotated",
                tensor.name);
  std::vector<std::byte> bytes(tensor.bytes);
  source.read(tensor.begin, bytes.data(), bytes.size());
  std::vector<float> out(tensor.columns());
  dequantize(tensor.type, bytes.data(), out.size(), out.data());
  return out;
}

double llama3_factor(double frequency, double factor, double context) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength < context / kHighFactor) return 1;
  if (wavelength > context / kLowFactor) return factor;
  const double smooth = (context / wavelength - kLowFactor) / (kHighFactor - kLowFactor);
  return 1 / ((1 - smooth) / factor + smooth);
}

bool is_llama3(const std::vector<float>& factors, double theta, double context) {
  const double size = 2.0 * static_cast<double>(factors.size());
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const double frequency = std::pow(theta, -2.0 * static_cast<double>(i) / size);
    const double expected = llama3_factor(frequency, factors.back(), context);
    if (!(std::fabs(factors[i] - expected) <= kFactorError * expected)) return false;
  }
  return true;
}

std::string llama3(const Source& source, const Tensor& tensor, int rotated, double theta) {
  const std::vector<float> factors = floats(source, tensor, rotated / 2);
  for (const double context : kContexts) {
    if (!(factors.back() >= 1) || !is_llama3(factors, theta, context)) continue;
    json::Writer w;
    w.begin_object().field("rope_type", "llama3").field("factor", factors.back());
    w.field("low_freq_factor", kLowFactor).field("high_freq_factor", kHighFactor);
    return w.field("original_max_position_embeddings", context).end_object().take();
  }
  throw Error(ErrorCode::kInvalid,
              source.name() + ": tensor " + tensor.name +
                  " stretches the rotary embedding in another way than Llama 3, which is not "
                  "supported",
              tensor.name);
}

void list(json::Writer& w, const char* name, const std::vector<float>& values) {
  w.key(name).begin_array();
  for (const float value : values) w.value(value);
  w.end_array();
}

std::string longrope(const Source& source, const Header& header, int rotated) {
  const Tensor* longer = header.find("rope_factors_long.weight");
  const Tensor* shorter = header.find("rope_factors_short.weight");
  if (longer == nullptr || shorter == nullptr) return {};
  json::Writer w;
  w.begin_object().field("rope_type", "longrope").field("type", "longrope");
  list(w, "long_factor", floats(source, *longer, rotated / 2));
  list(w, "short_factor", floats(source, *shorter, rotated / 2));
  return w.end_object().take();
}

// No file says whether the bounds of the ramp are rounded: gpt-oss's alone are not.
std::string yarn(const Metadata& metadata, const std::string& scaling, double factor,
                 Family family) {
  if (const std::string key = scaling + "yarn_log_multiplier"; metadata.has(key))
    metadata.fail(key, "is a variant of yarn that is not supported");
  json::Writer w;
  w.begin_object().field("rope_type", "yarn").field("type", "yarn").field("factor", factor);
  if (const auto context = metadata.integer_if(scaling + "original_context_length", 1, 1 << 30))
    w.field("original_max_position_embeddings", *context);
  for (const auto& [theirs, ours] :
       {std::pair("yarn_beta_fast", "beta_fast"), std::pair("yarn_beta_slow", "beta_slow"),
        std::pair("yarn_attn_factor", "attention_factor"),
        std::pair("yarn_ext_factor", "extrapolation_factor")})
    if (metadata.has(scaling + theirs)) w.field(ours, metadata.number(scaling + theirs));
  if (family == Family::kGptOss) w.field("truncate", false);
  return w.end_object().take();
}

}  // namespace

std::string rope_scaling(const Source& source, const Header& header,
                         const Architecture& architecture, int rotated, double theta) {
  if (const Tensor* factors = header.find(kLlama3Factors))
    return llama3(source, *factors, rotated, theta);
  const Metadata& metadata = header.metadata;
  const std::string prefix = std::string(architecture.name) + ".";
  const std::string scaling = prefix + "rope.scaling.";
  const std::string old_factor = prefix + "rope.scale_linear";
  const std::string factor_key = metadata.has(scaling + "factor") ? scaling + "factor" : old_factor;
  const std::string kind =
      metadata.string_or(scaling + "type", metadata.has(factor_key) ? "linear" : "none");
  if (kind == "longrope" || header.find("rope_factors_long.weight") != nullptr)
    return longrope(source, header, rotated);
  if (kind == "none") return {};
  if (kind == "yarn")
    return yarn(metadata, scaling, metadata.number(factor_key), architecture.family);
  if (kind != "linear")
    metadata.fail(
        scaling + "type",
        "is " + json::quote(kind) + ", which is not known; none, linear, yarn and longrope are");
  const double factor = metadata.number(factor_key);
  if (factor == 0 || factor == 1) return {};  // llama.cpp has 0 for none, too
  json::Writer w;
  w.begin_object().field("rope_type", "linear").field("type", "linear").field("factor", factor);
  return w.end_object().take();
}

}  // namespace sanctum::gguf
