#include "convert/convert_model.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "convert/converted_config.h"
#include "convert/copied_texts.h"
#include "convert/planned_tensor.h"
#include "convert/tensor_names.h"
#include "convert/total_parameters.h"
#include "gguf/import.h"
#include "gguf/safetensors_writer.h"
#include "gguf/staging_directory.h"

namespace sanctum::convert {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kConfigBytesMax = 16u << 20;
constexpr std::uint64_t kShardBytesMax = 5ull << 30;  // mlx_lm's
constexpr Affine kMxfp4{4, 32};

std::string text_or_empty(const std::string& path) {
  return read_file_if_there(path, kConfigBytesMax).value_or("");
}

std::optional<Dtype> dtype_named(const std::string& name) {
  if (name == "float32" || name == "F32") return Dtype::kFloat32;
  if (name == "float16" || name == "F16") return Dtype::kFloat16;
  if (name == "bfloat16" || name == "BF16") return Dtype::kBfloat16;
  return std::nullopt;
}

// As mlx_lm looks for it.
std::optional<Dtype> stated_dtype(const json::Node& config) {
  if (const auto told = config.get("torch_dtype"); told && told->is_string())
    return dtype_named(told->as_string());
  if (const auto text = config.get("text_config"); text && text->is_object())
    return dtype_named(text->as_string_or("dtype", ""));
  return std::nullopt;
}

// Whether experts are in MXFP4, which stays so. Throws for what else is quantized.
bool is_stored_mxfp4(const json::Node& config, const Family& family, const std::string& directory) {
  constexpr const char* kQuantized =
      "says that the model is quantized already; convert the one that it was made of";
  if (const auto quantized = quantized_already(family, config)) quantized->fail(kQuantized);
  if (read_file_if_there(directory + "/hf_quant_config.json", kConfigBytesMax))
    throw Error(ErrorCode::kInvalid, std::string("hf_quant_config.json ") + kQuantized, "path");
  return config.get("quantization_config").has_value();
}

class Conversion {
 public:
  Conversion(const std::string& from, const ConvertOptions& options)
      : options_(options),
        config_text_(read_file(from + "/config.json", kConfigBytesMax)),
        config_(config_text_, "config.json"),
        family_(family_of(config_.root().at("model_type").as_string())),
        mxfp4_(is_stored_mxfp4(config_.root(), family_, from)),
        weights_(from),
        names_(named_tensors(weights_.tensors(), family_, config_.root())) {
    if (!options_.dtype) options_.dtype = stated_dtype(config_.root());
    for (const NamedTensor& tensor : names_.tensors) plan(tensor);
    refuse_one_name_for_two();
    config_made_ = made_config(text_or_empty(from + "/generation_config.json"));
  }

  std::uint64_t room() const {
    std::uint64_t bytes = gguf::kRoomBeyondWeights;
    for (const auto& tensor : out_) bytes += tensor.bytes;
    return bytes;
  }

  ConvertResult write(const std::string& directory, const ConvertProgress& progress,
                      const std::atomic<bool>& stop) {
    gguf::SafetensorsWriter writer(directory, out_, kShardBytesMax);
    ConvertResult result{family_.model_type, writer.bytes(), names_.tensors.size()};
    std::uint64_t all = 0, done = 0;
    for (const PlannedTensor& tensor : planned_) {
      all += tensor.from->numbers() * tensor.stored_width();
      result.quantized += tensor.affine ? 1 : 0;
      result.float32_scales |= tensor.affine && tensor.made == Dtype::kFloat32;
    }
    TensorWriter tensors(writer, [&](std::uint64_t bytes) {
      if (stop.load()) throw Error(ErrorCode::kCancelled, "stopped; nothing was left behind");
      progress(done += bytes, all);
    });
    for (const PlannedTensor& tensor : planned_) tensors.write(tensor);
    writer.finish(total_parameters(out_, bits_of_modules_));
    weights_.expect_unchanged();
    write_file_atomically(directory + "/config.json", config_made_ + "\n");
    result.undivided = undivided_;
    result.left_out = names_.left_out;
    for (const auto& pattern : patterns())
      if (!used_.contains(pattern)) result.unused.push_back(pattern);
    return result;
  }

 private:
  std::vector<std::string> patterns() const {
    std::vector<std::string> all = options_.keep;
    for (const auto& [pattern, bits] : options_.bits_of) all.push_back(pattern);
    return all;
  }

  // How a matrix is quantized; nothing: it stays.
  std::optional<Affine> quantization_of(const NamedTensor& tensor) {
    if (!options_.quantize || !tensor.is_matrix()) return std::nullopt;
    const std::string path = tensor.path();
    const auto width = tensor.shape.back();
    const auto divides = [&](const Affine& how) {
      return width % static_cast<std::uint64_t>(how.group_size) == 0;
    };
    if (!divides(*options_.quantize)) {
      ++undivided_;
      return std::nullopt;
    }
    for (const auto& pattern : options_.keep)
      if (fits(pattern, path)) {
        used_.insert(pattern);
        return std::nullopt;
      }
    for (const auto& [pattern, bits] : options_.bits_of)
      if (fits(pattern, path)) {
        used_.insert(pattern);
        const Affine how{bits, options_.quantize->group_size};
        overrides_[path] = {true, how};
        return how;
      }
    if (is_router(family_, path)) {
      if (!divides(kRouter))
        throw Error(ErrorCode::kInvalid,
                    path + " is " + std::to_string(width) +
                        " wide, which is no multiple of the 64 that mlx_lm takes for it; --keep "
                        "leaves it as it is",
                    "keep");
      overrides_[path] = {false, kRouter};
      return kRouter;
    }
    // What the whole model is said to be is MXFP4 then.
    if (mxfp4_) overrides_[path] = {true, *options_.quantize};
    return options_.quantize;
  }

  void plan(const NamedTensor& tensor) {
    const StoredTensor& stored = tensor.stored();
    const auto dtype = dtype_named(stored.dtype);
    PlannedTensor planned{.from = &tensor, .is_float = dtype.has_value(), .first_out = out_.size()};
    if (dtype) {
      planned.stored = *dtype;
      planned.made = tensor.cast ? options_.dtype.value_or(*dtype) : *dtype;
      planned.affine = quantization_of(tensor);
      if (planned.affine) bits_of_modules_[tensor.path()] = planned.affine->bits;
    } else if (stored.dtype.starts_with("F")) {
      throw Error(ErrorCode::kInvalid,
                  stored.file->path() + ": tensor " + stored.name + " is of the type " +
                      stored.dtype + ", which is not converted",
                  "path");
    } else if (mxfp4_ && tensor.dtype == "U32") {
      bits_of_modules_[tensor.path()] = kMxfp4.bits;
    }
    for (auto& made : planned.out()) out_.push_back(std::move(made));
    planned_.push_back(planned);
  }

  void refuse_one_name_for_two() const {
    std::set<std::string> names;
    for (const auto& tensor : out_)
      if (!names.insert(tensor.name).second)
        throw Error(
            ErrorCode::kCorrupt,
            "two tensors would be called " + tensor.name + ": the weights have it in two forms",
            "path");
  }

  std::string made_config(const std::string& generation) const {
    Members members = members_of(config_.root());
    if (family_.config != nullptr) family_.config(members, config_.root());
    std::optional<Quantization> quantized;
    if (mxfp4_)
      quantized = Quantization{kMxfp4, "mxfp4", overrides_};
    else if (options_.quantize)
      quantized = Quantization{*options_.quantize, "affine", overrides_};
    return converted_config(std::move(members), generation, quantized ? &*quantized : nullptr);
  }

  ConvertOptions options_;
  std::string config_text_;
  json::Document config_;
  const Family& family_;
  bool mxfp4_;  // experts are stored so
  StoredWeights weights_;
  Names names_;
  std::vector<PlannedTensor> planned_;
  std::vector<gguf::OutTensor> out_;
  std::map<std::string, int> bits_of_modules_;
  std::map<std::string, Overrides> overrides_;
  std::set<std::string> used_;
  std::size_t undivided_ = 0;
  std::string config_made_;
};

void check(const ConvertOptions& options) {
  constexpr const char* kEmptyPattern = "a pattern is empty; `*` is the one that fits every matrix";
  const auto check_bits = [](int bits) {
    if (!is_affine_bits(bits))
      throw Error(ErrorCode::kInvalid, "bits must be 2, 3, 4, 5, 6 or 8", "bits");
  };
  if (options.quantize) check_bits(options.quantize->bits);
  if (options.quantize && !is_affine_group(options.quantize->group_size))
    throw Error(ErrorCode::kInvalid, "the group size must be 32, 64 or 128", "group_size");
  for (const auto& pattern : options.keep)
    if (pattern.empty()) throw Error(ErrorCode::kInvalid, kEmptyPattern, "keep");
  for (const auto& [pattern, bits] : options.bits_of) {
    if (pattern.empty()) throw Error(ErrorCode::kInvalid, kEmptyPattern, "bits_of");
    check_bits(bits);
  }
  if (options.keep.size() + options.bits_of.size() > kPatternsMax)
    throw Error(ErrorCode::kInvalid, "there are over " + std::to_string(kPatternsMax) + " patterns",
                "keep");
}

}  // namespace

bool fits(const std::string& pattern, const std::string& path) {
  // Each piece between stars, as early as it can be.
  std::size_t at = 0, begin = 0;
  while (true) {
    const std::size_t star = pattern.find('*', begin);
    const std::string piece = pattern.substr(begin, star - begin);
    const std::size_t found = path.find(piece, at);
    if (found == std::string::npos) return false;
    at = found + piece.size();
    if (star == std::string::npos) return true;
    begin = star + 1;
  }
}

ConvertResult convert_model(const std::string& from, const std::string& target,
                            const ConvertOptions& options, const ConvertProgress& progress,
                            const std::atomic<bool>& stop) {
  check(options);
  gguf::StagingDirectory staging(target);  // what stands in the way of the end is told first
  Conversion conversion(from, options);
  gguf::check_room(target, conversion.room());
  copy_texts(from, staging.path());  // first: what is wrong with them is told before the work
  const ConvertResult result = conversion.write(staging.path(), progress, stop);
  staging.commit();
  return result;
}

}  // namespace sanctum::convert
