#include "convert/convert_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "convert/converted_config.h"
#include "convert/tensor_names.h"
#include "gguf/import.h"
#include "gguf/safetensors_writer.h"
#include "gguf/staging_directory.h"

namespace sanctum::convert {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kConfigBytesMax = 16u << 20;
constexpr std::uint64_t kPieceNumbers = 1u << 18;      // read at once
constexpr std::uint64_t kCopiedBytesMax = 256u << 20;  // of a file beside the weights
constexpr std::array<std::string_view, 6> kCopied{".json", ".jinja",    ".model",
                                                  ".txt",  ".tiktoken", ".jsonl"};

std::string text_or_empty(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) ? read_file(path, kConfigBytesMax) : std::string();
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

struct Planned {
  const NamedTensor* from = nullptr;
  Dtype stored = Dtype::kFloat32, made = Dtype::kFloat32;
  std::optional<Affine> affine = {};
  bool is_float = true;  // otherwise it is copied
  std::size_t first_out = 0;
};

class Conversion {
 public:
  Conversion(const std::string& from, const ConvertOptions& options)
      : options_(options),
        config_text_(read_file(from + "/config.json", kConfigBytesMax)),
        config_(config_text_, "config.json"),
        weights_(from) {
    const json::Node root = config_.root();
    for (const char* key : {"quantization", "quantization_config"})
      if (const auto quantized = root.get(key))
        quantized->fail(
            "says that the model is quantized already; convert the one that it was made of");
    if (fs::exists(from + "/hf_quant_config.json"))
      throw Error(ErrorCode::kInvalid,
                  "hf_quant_config.json says that the model is quantized already; convert the one "
                  "that it was made of",
                  "path");
    architecture_ = root.at("model_type").as_string();
    names_ = named_tensors(weights_.tensors(), architecture_,
                           root.as_bool_or("tie_word_embeddings", false));
    if (!options_.dtype) options_.dtype = stated_dtype(root);
    for (const NamedTensor& tensor : names_) plan(tensor);
    refuse_one_name_for_two();
    generation_ = text_or_empty(from + "/generation_config.json");
  }

  std::uint64_t room() const {
    std::uint64_t bytes = gguf::kRoomBeyondWeights;
    for (const auto& tensor : out_) bytes += tensor.bytes;
    return bytes;
  }

  ConvertResult write(const std::string& directory, const ConvertProgress& progress,
                      const std::atomic<bool>& stop) {
    gguf::SafetensorsWriter writer(directory, out_);
    const std::uint64_t all = weights_.bytes();
    std::uint64_t done = 0;
    ConvertResult result{architecture_, writer.bytes(), names_.size(), 0};
    for (const Planned& tensor : planned_) {
      result.quantized += tensor.affine ? 1 : 0;
      result.float32_scales |= tensor.affine && tensor.made == Dtype::kFloat32;
      std::uint64_t at = 0;  // numbers of the tensor that are written
      for (const StoredTensor* part : tensor.from->parts)
        convert(tensor, *part, writer, at, [&](std::uint64_t bytes) {
          if (stop.load()) throw Error(ErrorCode::kCancelled, "stopped; nothing was left behind");
          progress(done += bytes, all);
        });
    }
    writer.finish();
    weights_.expect_unchanged();
    const Affine* quantized = options_.quantize ? &*options_.quantize : nullptr;
    write_file_atomically(
        directory + "/config.json",
        converted_config(config_.root(), generation_, quantized, overrides_) + "\n");
    result.undivided = undivided_;
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
    const auto width = tensor.shape().back();
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
    if (const OwnChoice own = own_choice(architecture_, path); own.there) {
      if (!divides(own.how))
        throw Error(ErrorCode::kInvalid,
                    path + " is " + std::to_string(width) +
                        " wide, which is no multiple of the 64 that mlx_lm takes for it; --keep "
                        "leaves it as it is",
                    "keep");
      overrides_[path] = {false, own.how};
      return own.how;
    }
    return options_.quantize;
  }

  void plan(const NamedTensor& tensor) {
    Planned planned;
    planned.from = &tensor;
    planned.first_out = out_.size();
    const StoredTensor& stored = *tensor.parts.front();
    const auto dtype = dtype_named(stored.dtype);
    const auto shape = tensor.shape();
    std::uint64_t numbers = 1;
    for (const auto extent : shape) numbers *= extent;
    planned.is_float = dtype.has_value();
    if (!planned.is_float) {
      if (bytes_of(stored.dtype) == 0 || stored.dtype == "F8_E4M3" || stored.dtype == "F64")
        throw Error(ErrorCode::kInvalid,
                    stored.file->name() + ": tensor " + stored.name + " is of the type " +
                        stored.dtype + ", which is not converted",
                    "path");
      out_.push_back({tensor.name, stored.dtype, shape, numbers * bytes_of(stored.dtype)});
      return planned_.push_back(planned);
    }
    planned.stored = *dtype;
    planned.made = options_.dtype.value_or(*dtype);
    planned.affine = quantization_of(tensor);
    if (!planned.affine) {
      out_.push_back(
          {tensor.name, stored_name(planned.made), shape, numbers * bytes_of(planned.made)});
      return planned_.push_back(planned);
    }
    const auto bits = static_cast<std::uint64_t>(planned.affine->bits);
    const auto group = static_cast<std::uint64_t>(planned.affine->group_size);
    auto packed = shape, groups = shape;
    packed.back() = shape.back() * bits / 32;
    groups.back() = shape.back() / group;
    out_.push_back({tensor.name, "U32", packed, numbers * bits / 8});
    for (const char* kind : {".scales", ".biases"})
      out_.push_back({tensor.path() + kind, stored_name(planned.made), groups,
                      numbers / group * bytes_of(planned.made)});
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

  // `at`: numbers of the whole tensor that come before; counts on.
  void convert(const Planned& tensor, const StoredTensor& part, gguf::SafetensorsWriter& writer,
               std::uint64_t& at, const std::function<void(std::uint64_t)>& read) {
    const std::uint64_t width = tensor.is_float ? bytes_of(tensor.stored) : bytes_of(part.dtype);
    const std::uint64_t all = part.numbers();
    // Whole groups, which never cross a row.
    for (std::uint64_t first = 0; first < all; first += kPieceNumbers) {
      const std::uint64_t count = std::min(kPieceNumbers, all - first);
      piece_.resize(count * width);
      part.file->read(part.begin + first * width, piece_.data(), piece_.size());
      if (!tensor.is_float || (!tensor.affine && tensor.stored == tensor.made))
        writer.write(tensor.first_out, at * width, piece_.data(), piece_.size());
      else
        compute(tensor, count, at, writer);
      at += count;
      read(piece_.size());
    }
  }

  void compute(const Planned& tensor, std::uint64_t count, std::uint64_t at,
               gguf::SafetensorsWriter& writer) {
    const std::uint64_t from = bytes_of(tensor.stored), to = bytes_of(tensor.made);
    floats_.resize(count);
    for (std::uint64_t i = 0; i < count; ++i)
      floats_[i] = read_number(tensor.stored, piece_.data() + i * from);
    made_.resize(count * to);
    if (tensor.stored != tensor.made) {  // first it is cast, as it would be kept
      for (std::uint64_t i = 0; i < count; ++i)
        write_number(tensor.made, floats_[i], made_.data() + i * to);
      if (!tensor.affine)
        return writer.write(tensor.first_out, at * to, made_.data(), made_.size());
      for (std::uint64_t i = 0; i < count; ++i)
        floats_[i] = read_number(tensor.made, made_.data() + i * to);
    }
    // What MLX makes of a group with one that is none is noise.
    if (!std::all_of(floats_.begin(), floats_.end(), [](float x) { return std::isfinite(x); }))
      throw Error(
          ErrorCode::kCorrupt,
          tensor.from->name + " has numbers that are not finite" +
              (tensor.stored == tensor.made ? ": the model is damaged"
                                            : std::string(" in ") + stored_name(tensor.made)) +
              "; --keep leaves a tensor as it is",
          "path");
    const auto bits = static_cast<std::uint64_t>(tensor.affine->bits);
    const auto group = static_cast<std::uint64_t>(tensor.affine->group_size);
    words_.resize(count * bits / 8);
    scales_.resize(count / group * to);
    biases_.resize(scales_.size());
    quantize(floats_.data(), count, *tensor.affine, tensor.made, words_.data(), scales_.data(),
             biases_.data());
    writer.write(tensor.first_out, at * bits / 8, words_.data(), words_.size());
    writer.write(tensor.first_out + 1, at / group * to, scales_.data(), scales_.size());
    writer.write(tensor.first_out + 2, at / group * to, biases_.data(), biases_.size());
  }

  ConvertOptions options_;
  std::string config_text_;
  json::Document config_;
  StoredWeights weights_;
  std::string architecture_, generation_;
  std::vector<NamedTensor> names_;
  std::vector<Planned> planned_;
  std::vector<gguf::OutTensor> out_;
  std::map<std::string, Overrides> overrides_;
  std::set<std::string> used_;
  std::size_t undivided_ = 0;
  std::vector<std::byte> piece_, made_, words_, scales_, biases_;
  std::vector<float> floats_;
};

void check(const ConvertOptions& options) {
  const auto check_bits = [](int bits) {
    if (!is_affine_bits(bits))
      throw Error(ErrorCode::kInvalid, "bits must be 2, 3, 4, 5, 6 or 8", "bits");
  };
  if (options.quantize) check_bits(options.quantize->bits);
  if (options.quantize && !is_affine_group(options.quantize->group_size))
    throw Error(ErrorCode::kInvalid, "the group size must be 32, 64 or 128", "group_size");
  for (const auto& [pattern, bits] : options.bits_of) check_bits(bits);
  if (options.keep.size() + options.bits_of.size() > kPatternsMax)
    throw Error(ErrorCode::kInvalid, "there are over " + std::to_string(kPatternsMax) + " patterns",
                "keep");
}

// Tokenizer, template and what else is no weight.
void copy_texts(const std::string& from, const std::string& to) {
  for (const auto& each : fs::directory_iterator(from)) {
    const std::string name = each.path().filename().string();
    if (name == "config.json" || name == "model.safetensors.index.json" ||
        !each.is_regular_file() ||
        std::find(kCopied.begin(), kCopied.end(), each.path().extension().string()) ==
            kCopied.end() ||
        each.file_size() > kCopiedBytesMax)
      continue;
    write_file_atomically(to + "/" + name, read_file(each.path().string(), kCopiedBytesMax));
  }
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
  const ConvertResult result = conversion.write(staging.path(), progress, stop);
  copy_texts(from, staging.path());
  staging.commit();
  return result;
}

}  // namespace sanctum::convert
