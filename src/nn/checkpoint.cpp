#include "nn/checkpoint.h"

#include <mlx/io.h>
#include <mlx/utils.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/safetensors_header.h"
#include "base/weight_files.h"
#include "nn/weight_reader.h"

namespace sanctum::nn {
namespace {

template <class T>
std::string spell(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

// "a", "a or b", "a, b or c".
template <class T>
std::string one_of(const std::vector<T>& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += i + 1 == values.size() ? " or " : ", ";
    out += spell(values[i]);
  }
  return out;
}

template <class T>
bool among(const T& value, const std::vector<T>& values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

Checkpoint::Checkpoint(const std::string& directory, const Rename& rename) : directory_(directory) {
  for (const std::string& file : weight_files(directory)) {
    const auto bytes = std::make_shared<const WeightFile>(file);
    files_.push_back(bytes);
    std::map<std::string, TensorEntry> entries;
    for (TensorEntry& entry : read_safetensors_header(*bytes)) {
      if (entry.dtype == "F64")  // the one that MLX does not read
        throw Error(ErrorCode::kInvalid,
                    file + ": tensor " + entry.name + " has the unsupported dtype F64", "path");
      bytes_ += entry.end - entry.begin;
      entries[entry.name] = std::move(entry);
    }
    const auto reader = std::make_shared<WeightReader>(bytes, failure_);
    for (auto& [name, array] : mx::load_safetensors(reader).first) {
      const auto renamed = rename(name);
      if (!renamed) continue;
      const TensorEntry& entry = entries.at(name);
      if (!tensors_.emplace(*renamed, Stored{array, entry.dtype, {bytes, entry.begin}}).second) {
        throw Error(ErrorCode::kCorrupt,
                    "tensor " + *renamed + " is stored twice, again in " + file, "path");
      }
    }
  }
}

const std::vector<mx::Dtype>& floating_types() {
  static const std::vector<mx::Dtype> types{mx::float16, mx::bfloat16, mx::float32};
  return types;
}

mx::array Checkpoint::take(const std::string& name, const TensorNeed& need) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    throw Error(ErrorCode::kCorrupt,
                "tensor " + name + " is missing from the weights in " + directory_, "path");
  }
  mx::array array = found->second.array;
  const std::string& type = found->second.type;
  const bool named = need.stored_as.empty();
  if (!among(array.dtype(), need.types) || !among(array.shape(), need.shapes) ||
      (!named && type != need.stored_as)) {
    throw Error(ErrorCode::kCorrupt,
                "tensor " + name + " in " + found->second.place.file->path() + " is " +
                    (named ? spell(array.dtype()) : type) + " of shape " + spell(array.shape()) +
                    "; by config.json its layer needs " +
                    (named ? one_of(need.types) : need.stored_as) + " of shape " +
                    one_of(need.shapes),
                "path");
  }
  taken_bytes_ += array.nbytes();
  tensors_.erase(found);
  return array;
}

void Checkpoint::drop(const std::string& name) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return;
  taken_bytes_ += found->second.array.nbytes();
  tensors_.erase(found);
}

void Checkpoint::expect_unchanged() const {
  for (const auto& file : files_) file->expect_unchanged();
}

void Checkpoint::finish() const {
  if (tensors_.empty()) return;
  constexpr std::size_t kNamed = 3;
  std::string names;
  std::size_t n = 0;
  for (const auto& [name, stored] : tensors_) {
    if (n++ == kNamed) break;
    names += (names.empty() ? "" : ", ") + name + " (" + stored.place.file->path() + ")";
  }
  throw Error(ErrorCode::kCorrupt,
              std::to_string(tensors_.size()) +
                  " tensors that this architecture does not know, among them " + names +
                  ": is model_type in config.json right?",
              "path");
}

}  // namespace sanctum::nn
