#include "convert/safetensors_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/weight_files.h"

namespace sanctum::convert {
namespace {

constexpr std::uint64_t kExtentMax = 1ull << 31;  // of one dimension
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 14> kDtypes{{{"F64", 8},
                                                                              {"F32", 4},
                                                                              {"F16", 2},
                                                                              {"BF16", 2},
                                                                              {"F8_E4M3", 1},
                                                                              {"I64", 8},
                                                                              {"I32", 4},
                                                                              {"I16", 2},
                                                                              {"I8", 1},
                                                                              {"U64", 8},
                                                                              {"U32", 4},
                                                                              {"U16", 2},
                                                                              {"U8", 1},
                                                                              {"BOOL", 1}}};

[[noreturn]] void damaged(const gguf::Source& file, const std::string& what) {
  throw Error(ErrorCode::kCorrupt,
              file.name() + " is damaged: " + what + "; download or copy it again", "path");
}

StoredTensor entry(const gguf::Source& file, const std::string& name, const json::Node& node,
                   std::uint64_t data) {
  StoredTensor tensor;
  tensor.name = name;
  tensor.file = &file;
  tensor.dtype = node.at("dtype").as_string();
  for (const auto& side : node.at("shape").as_array(kDimensionsMax))
    tensor.shape.push_back(static_cast<std::uint64_t>(side.as_int(0, kExtentMax)));
  const auto offsets = node.at("data_offsets").as_array(2);
  if (offsets.size() != 2) damaged(file, "tensor " + name + " has no begin and end");
  const std::uint64_t begin = offsets[0].as_uint64(), end = offsets[1].as_uint64();
  if (begin > end || end > file.bytes() - data)
    damaged(file, "tensor " + name + " lies outside the file");
  tensor.begin = data + begin;
  tensor.bytes = end - begin;
  std::uint64_t bytes = bytes_of(tensor.dtype);
  for (const std::uint64_t extent : tensor.shape) {
    if (extent != 0 && bytes > file.bytes() / extent)
      damaged(file, "tensor " + name + " is larger than the file");
    bytes *= extent;
  }
  if (bytes_of(tensor.dtype) != 0 && bytes != tensor.bytes)
    damaged(file, "tensor " + name + " has " + std::to_string(tensor.bytes) +
                      " bytes where its shape needs " + std::to_string(bytes));
  return tensor;
}

void read_header(const gguf::Source& file, std::vector<StoredTensor>& tensors) {
  std::uint64_t length = 0;
  if (file.bytes() < sizeof length) damaged(file, "it has no header");
  file.read(0, reinterpret_cast<std::byte*>(&length), sizeof length);
  if (length > kHeaderBytesMax || length > file.bytes() - sizeof length)
    damaged(file, "its header claims " + std::to_string(length) + " bytes");
  std::string text(length, '\0');
  file.read(sizeof length, reinterpret_cast<std::byte*>(text.data()), length);
  try {
    const json::Document document(text);
    for (const auto& [name, node] : document.root().members())
      if (name != "__metadata__")
        tensors.push_back(entry(file, name, node, sizeof length + length));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCorrupt) throw;
    damaged(file, std::string("in its header ") + error.what());
  }
}

}  // namespace

std::uint64_t bytes_of(const std::string& dtype) {
  for (const auto& [name, bytes] : kDtypes)
    if (name == dtype) return bytes;
  return 0;
}

std::uint64_t StoredTensor::numbers() const {
  std::uint64_t product = 1;
  for (const std::uint64_t extent : shape) product *= extent;
  return product;
}

StoredWeights::StoredWeights(const std::string& directory) {
  for (const auto& path : weight_files(directory)) {
    files_.push_back(std::make_unique<gguf::FileSource>(path));
    read_header(*files_.back(), tensors_);
  }
  std::sort(tensors_.begin(), tensors_.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < tensors_.size(); ++i)
    if (tensors_[i].name == tensors_[i - 1].name)
      damaged(*tensors_[i].file, "tensor " + tensors_[i].name + " is stored twice");
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
