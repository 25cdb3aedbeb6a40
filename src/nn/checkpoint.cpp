#include "nn/checkpoint.h"

#include <mlx/io.h>
#include <mlx/utils.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "nn/safetensors_header.h"

namespace sanctum::nn {
namespace {

namespace fs = std::filesystem;

// The shards in the order of their names: those of the index if there is one, else all of them.
std::set<std::string> weight_files(const std::string& directory) {
  std::set<std::string> files;
  const fs::path index = fs::path(directory) / "model.safetensors.index.json";
  if (fs::exists(index)) {
    const json::Document document(read_file(index.string()), index.filename().string());
    for (const auto& [name, file] : document.root().at("weight_map").members()) {
      const std::string shard = file.as_string();
      if (shard.find('/') != std::string::npos)
        file.fail("must be a file name without a directory");
      files.insert((fs::path(directory) / shard).string());
    }
  } else if (fs::is_directory(directory)) {
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (entry.path().extension() == ".safetensors") files.insert(entry.path().string());
    }
  }
  if (files.empty()) {
    throw Error(ErrorCode::kNotFound, "no .safetensors files in " + directory, "path");
  }
  return files;
}

std::string spell(const mx::Shape& shape) {
  std::ostringstream out;
  out << shape;
  return out.str();
}

}  // namespace

Checkpoint::Checkpoint(const std::string& directory, const Rename& rename) : directory_(directory) {
  for (const std::string& file : weight_files(directory)) {
    for (const TensorEntry& entry : read_safetensors_header(file))
      bytes_ += entry.end - entry.begin;
    for (auto& [name, array] : mx::load_safetensors(file).first) {
      const auto renamed = rename(name);
      if (!renamed) continue;
      if (!tensors_.emplace(*renamed, Stored{array, file}).second) {
        throw Error(ErrorCode::kCorrupt,
                    "tensor " + *renamed + " is stored twice, again in " + file, "path");
      }
    }
  }
}

mx::array Checkpoint::take(const std::string& name, const mx::Shape& shape) {
  auto taken = take_if(name, shape);
  if (!taken) {
    throw Error(ErrorCode::kCorrupt,
                "tensor " + name + " is missing from the weights in " + directory_, "path");
  }
  return *taken;
}

std::optional<mx::array> Checkpoint::take_if(const std::string& name, const mx::Shape& shape) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return std::nullopt;
  mx::array array = found->second.array;
  if (!shape.empty() && array.shape() != shape) {
    throw Error(ErrorCode::kCorrupt,
                "tensor " + name + " in " + found->second.file + " has shape " +
                    spell(array.shape()) + " where config.json asks for " + spell(shape),
                "path");
  }
  tensors_.erase(found);
  return array;
}

void Checkpoint::finish() const {
  if (tensors_.empty()) return;
  constexpr std::size_t kNamed = 3;
  std::string names;
  std::size_t n = 0;
  for (const auto& [name, stored] : tensors_) {
    if (n++ == kNamed) break;
    names += (names.empty() ? "" : ", ") + name + " (" + stored.file + ")";
  }
  throw Error(ErrorCode::kCorrupt,
              std::to_string(tensors_.size()) +
                  " tensors that this architecture does not know, among them " + names +
                  ": is model_type in config.json right?",
              "path");
}

}  // namespace sanctum::nn
