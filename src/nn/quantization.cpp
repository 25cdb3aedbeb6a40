#include "nn/quantization.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace sanctum::nn {
namespace {

constexpr std::uint64_t kBesideBytesMax = 16u << 20;
constexpr int kBlockMax = 1 << 20;  // rows or columns of an FP8 block

struct Mode {
  QuantizationMode mode;
  const char* name;
  std::vector<int> bits, groups;  // the defaults come first
};

const std::vector<Mode>& modes() {
  static const std::vector<Mode> all{
      {QuantizationMode::kAffine, "affine", {4, 2, 3, 5, 6, 8}, {64, 32, 128}},
      {QuantizationMode::kMxfp4, "mxfp4", {4}, {32}},
      {QuantizationMode::kNvfp4, "nvfp4", {4}, {16}},
      {QuantizationMode::kMxfp8, "mxfp8", {8}, {32}},
  };
  return all;
}

// "4", "4 or 8", "2, 3 or 4".
std::string one_of(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += i + 1 == values.size() ? " or " : ", ";
    out += std::to_string(values[i]);
  }
  return out;
}

int read_number(const json::Node& node, const char* name, const Mode& mode,
                const std::vector<int>& supported) {
  const auto value = node.get(name);
  if (!value) return supported.front();
  const std::int64_t number = value->as_int();
  if (std::find(supported.begin(), supported.end(), number) == supported.end())
    value->fail("is " + std::to_string(number) + "; mode " + mode.name + " needs " +
                one_of(supported));
  return static_cast<int>(number);
}

Quantization read_one(const json::Node& node) {
  const std::string name = node.as_string_or("mode", "affine");
  std::string known;
  for (const Mode& mode : modes()) {
    known += std::string(known.empty() ? "" : ", ") + mode.name;
    if (mode.name != name) continue;
    return {read_number(node, "group_size", mode, mode.groups),
            read_number(node, "bits", mode, mode.bits), mode.mode};
  }
  node.at("mode").fail("is '" + name + "', which is not supported; supported: " + known);
}

// The members that change what the weights are; the rest is about activations, or lists layers that
// have no scales either.
QuantizationConfig read_fp8(const json::Node& node) {
  QuantizationConfig out;
  out.foreign = ForeignQuantization::kFp8;
  if (const auto format = node.get("fmt"); format && format->as_string() != "e4m3")
    format->fail("is '" + format->as_string() + "'; only e4m3 is supported");
  if (const auto block = node.get("weight_block_size")) {
    const auto sides = block->as_array(2);
    if (sides.size() != 2) block->fail("must have two numbers, of rows and columns");
    out.block_rows = static_cast<int>(sides[0].as_int(1, kBlockMax));
    out.block_columns = static_cast<int>(sides[1].as_int(1, kBlockMax));
  }
  return out;
}

// `stated`: hf_quant_config.json has the settings in a member of their own.
QuantizationConfig read_modelopt(const json::Node& stated) {
  const json::Node node = stated.get("quantization").value_or(stated);
  QuantizationConfig out;
  out.foreign = ForeignQuantization::kModelOptNvfp4;
  const json::Node algorithm = node.at("quant_algo");
  if (algorithm.as_string() != "NVFP4")
    algorithm.fail("is '" + algorithm.as_string() + "'; of modelopt's only NVFP4 is supported");
  const auto expect_group = [](const json::Node& of) {
    if (const auto group = of.get("group_size"); group && group->as_int() != 16)
      group->fail("is " + std::to_string(group->as_int()) + "; NVFP4 needs 16");
  };
  expect_group(node);
  if (const auto groups = node.get("config_groups")) {
    for (const auto& [name, group] : groups->members())
      if (const auto weights = group.get("weights")) expect_group(*weights);
  }
  return out;
}

QuantizationConfig read_method(const json::Node& node) {
  const json::Node method = node.at("quant_method");
  const std::string name = method.as_string();
  if (name == "fp8") return read_fp8(node);
  if (name == "modelopt") return read_modelopt(node);
  if (name == "mxfp4") {
    QuantizationConfig out;
    out.all = kMxfp4;
    return out;
  }
  method.fail(
      "is '" + name +
      "', which is not supported; of other toolkits' methods fp8, modelopt (NVFP4) and mxfp4 are: "
      "convert the model from its unquantized weights with mlx_lm.convert -q");
}

// MLX's own key, or that of other toolkits.
std::optional<json::Node> stated(const json::Node& config) {
  for (const char* key : {"quantization", "quantization_config"})
    if (auto node = config.get(key)) return node;
  const auto text = config.get("text_config");
  return text ? text->get("quantization_config") : std::nullopt;
}

}  // namespace

const char* to_string(QuantizationMode mode) {
  for (const Mode& one : modes())
    if (one.mode == mode) return one.name;
  return "";
}

std::string Quantization::describe() const {
  if (mode != QuantizationMode::kAffine) return to_string(mode);
  return std::to_string(bits) + "-bit group " + std::to_string(group_size);
}

std::string QuantizationConfig::describe() const {
  if (foreign == ForeignQuantization::kFp8) return "fp8 as bfloat16";
  if (foreign == ForeignQuantization::kModelOptNvfp4) return "nvfp4 of modelopt";
  return all ? all->describe() : "none";
}

QuantizationConfig read_quantization(const json::Node& config) {
  QuantizationConfig out;
  const auto node = stated(config);
  if (!node) return out;
  if (!config.has("quantization") && node->has("quant_method")) return read_method(*node);
  out.all = read_one(*node);
  for (const auto& [key, value] : node->members()) {
    if (value.is_object()) {
      out.overrides[key] = read_one(value);
    } else if (value.is_bool()) {
      out.overrides[key] = value.as_bool() ? out.all : std::nullopt;
    }
  }
  return out;
}

QuantizationConfig read_quantization(const json::Node& config, const std::string& directory) {
  const std::string beside = directory + "/hf_quant_config.json";
  const auto text = stated(config) ? std::nullopt : read_file_if_there(beside, kBesideBytesMax);
  if (!text) return read_quantization(config);
  const json::Document document(*text, "hf_quant_config.json");
  const json::Node root = document.root();
  return root.has("quant_method") ? read_method(root) : read_modelopt(root);
}

}  // namespace sanctum::nn
