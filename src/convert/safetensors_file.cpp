#include "convert/safetensors_file.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/safetensors_header.h"
#include "base/weight_files.h"

namespace sanctum::convert {

std::uint64_t StoredTensor::numbers() const {
  std::uint64_t product = 1;
  for (const std::uint64_t extent : shape) product *= extent;
  return product;
}

StoredWeights::StoredWeights(const std::string& directory) {
  for (const auto& path : weight_files(directory)) {
    files_.push_back(std::make_unique<ReadOnlyFile>(path));
    for (TensorEntry& entry : read_safetensors_header(*files_.back()))
      tensors_.push_back({std::move(entry.name),
                          std::move(entry.dtype),
                          {entry.shape.begin(), entry.shape.end()},
                          entry.begin,
                          entry.end - entry.begin,
                          files_.back().get()});
  }
  std::sort(tensors_.begin(), tensors_.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < tensors_.size(); ++i)
    if (tensors_[i].name == tensors_[i - 1].name)
      throw Error(ErrorCode::kCorrupt,
                  tensors_[i].file->path() + " is damaged: tensor " + tensors_[i].name +
                      " is stored twice; download or copy it again",
                  "path");
}

std::uint64_t StoredWeights::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& tensor : tensors_) sum += tensor.bytes;
  return sum;
}

void StoredWeights::expect_unchanged() const {
  for (const auto& file : files_) file->expect_unchanged();
}

}  // namespace sanctum::convert
