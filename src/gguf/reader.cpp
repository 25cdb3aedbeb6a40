#include "gguf/reader.h"

#include <algorithm>
#include <bit>
#include <set>

#include "base/error.h"
#include "gguf/cursor.h"
#include "gguf/value_reader.h"

namespace sanctum::gguf {
namespace {

constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr std::uint32_t kVersionMin = 2, kVersionMax = 3;

[[noreturn]] void unsupported(const Source& source, const std::string& what,
                              const std::string& field) {
  throw Error(ErrorCode::kInvalid, source.name() + what, field);
}

void read_magic(Cursor& cursor, const Source& source) {
  if (source.bytes() < sizeof kMagic || cursor.number<std::uint32_t>("its first bytes") != kMagic)
    unsupported(source, " is no GGUF file: it does not begin with \"GGUF\"", "path");
  const auto version = cursor.number<std::uint32_t>("the version");
  if (version >= kVersionMin && version <= kVersionMax) return;
  const std::uint32_t turned =
      version << 24 | (version & 0xff00) << 8 | (version >> 8 & 0xff00) | version >> 24;
  if (turned >= 1 && turned <= kVersionMax)
    unsupported(source, " is GGUF for big-endian machines, which is not read", "version");
  unsupported(source,
              " is GGUF of version " + std::to_string(version) +
                  "; versions 2 and 3 are read: make it anew with a current llama.cpp",
              "version");
}

// A key's or tensor's: it goes into messages.
std::string read_name(Cursor& cursor, const Source& source, const std::string& what) {
  std::string name = cursor.string(kNameBytesMax, what);
  const auto unprintable = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  if (name.empty() || std::any_of(name.begin(), name.end(), unprintable))
    damaged(source, what + " is no text");
  return name;
}

std::uint64_t read_count(Cursor& cursor, const Source& source, const std::string& of,
                         std::uint64_t most) {
  const auto count = cursor.number<std::uint64_t>("the number of " + of);
  if (count > most)
    damaged(source, "it claims " + std::to_string(count) + " " + of + ", over the limit of " +
                        std::to_string(most));
  return count;
}

// Bytes, checked against those that the file has.
std::uint64_t size_of(const Source& source, const Tensor& tensor) {
  const TypeInfo& type = info(tensor.type);
  if (tensor.columns() % type.block_weights != 0)
    damaged(source,
            "tensor " + tensor.name + " has rows of " + std::to_string(tensor.columns()) +
                " weights, no multiple of the " + std::to_string(type.block_weights) +
                " of a block of " + std::string(type.name),
            tensor.name);
  std::uint64_t bytes = tensor.columns() / type.block_weights * type.block_bytes;
  for (std::size_t i = 0; i + 1 < tensor.shape.size(); ++i) {
    if (bytes > source.bytes() / tensor.shape[i])
      damaged(source, "tensor " + tensor.name + " is larger than the file", tensor.name);
    bytes *= tensor.shape[i];
  }
  return bytes;
}

Tensor read_tensor(Cursor& cursor, const Source& source) {
  Tensor tensor;
  tensor.name = read_name(cursor, source, "the name of a tensor");
  const std::string what = "the description of tensor " + tensor.name;
  const auto dimensions = cursor.number<std::uint32_t>(what);
  if (dimensions == 0 || dimensions > kDimensionsMax)
    damaged(source,
            "tensor " + tensor.name + " claims " + std::to_string(dimensions) +
                " dimensions; from 1 to " + std::to_string(kDimensionsMax) + " are possible",
            tensor.name);
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    const auto extent = cursor.number<std::uint64_t>(what);
    if (extent == 0 || extent > kExtentMax)
      damaged(source,
              "tensor " + tensor.name + " claims a dimension of " + std::to_string(extent) +
                  "; from 1 to " + std::to_string(kExtentMax) + " are possible",
              tensor.name);
    tensor.shape.insert(tensor.shape.begin(), extent);
  }
  const auto number = cursor.number<std::uint32_t>(what);
  const TypeInfo* type = find_type(number);
  if (type == nullptr)
    unsupported(source,
                ": tensor " + tensor.name + " has the type " + name_of(number) +
                    ", which is not read; these are: " + known_types(),
                tensor.name);
  tensor.type = type->type;
  tensor.begin = cursor.number<std::uint64_t>(what);
  tensor.bytes = size_of(source, tensor);
  return tensor;
}

std::uint64_t alignment_of(const Metadata& metadata) {
  constexpr const char* kKey = "general.alignment";
  const auto alignment = metadata.integer_if(kKey, 1, kAlignmentMax).value_or(kAlignmentDefault);
  if (!std::has_single_bit(static_cast<std::uint64_t>(alignment)))
    metadata.fail(kKey, "is " + std::to_string(alignment) + ", no power of two");
  return static_cast<std::uint64_t>(alignment);
}

// Turns offsets into places in the file, and puts the tensors in their order.
void place(const Source& source, std::uint64_t header_bytes, std::uint64_t alignment,
           std::vector<Tensor>& tensors) {
  const std::uint64_t start = (header_bytes + alignment - 1) / alignment * alignment;
  const std::uint64_t data = source.bytes() > start ? source.bytes() - start : 0;
  for (Tensor& tensor : tensors) {
    if (tensor.begin % alignment != 0)
      damaged(source,
              "tensor " + tensor.name + " begins at byte " + std::to_string(tensor.begin) +
                  " of the data, no multiple of " + std::to_string(alignment),
              tensor.name);
    if (tensor.begin > data || tensor.bytes > data - tensor.begin)
      damaged(source,
              "tensor " + tensor.name + " lies outside the file (" + std::to_string(tensor.bytes) +
                  " bytes from byte " + std::to_string(tensor.begin) + " of the " +
                  std::to_string(data) + " that there are)",
              tensor.name);
    tensor.begin += start;
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const Tensor& a, const Tensor& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < tensors.size(); ++i) {
    if (tensors[i].begin < tensors[i - 1].begin + tensors[i - 1].bytes)
      damaged(source, "tensors " + tensors[i - 1].name + " and " + tensors[i].name + " overlap",
              tensors[i].name);
  }
}

}  // namespace

std::uint64_t Tensor::rows() const {
  std::uint64_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return rows;
}

const Tensor* Header::find(std::string_view name) const {
  for (const Tensor& tensor : tensors)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

Header read_header(const Source& source) {
  static_assert(std::endian::native == std::endian::little);
  Cursor cursor(source, kHeaderBytesMax);
  read_magic(cursor, source);
  const std::uint64_t tensors = read_count(cursor, source, "tensors", kTensorsMax);
  const std::uint64_t keys = read_count(cursor, source, "keys", kKeysMax);
  Header header{Metadata(source.name()), {}};
  MetadataRoom room;
  for (std::uint64_t i = 0; i < keys; ++i) {
    const std::string key = read_name(cursor, source, "a key of the metadata");
    if (!header.metadata.add(key, read_value(cursor, source, key, room)))
      damaged(source, "its metadata has " + key + " twice", key);
  }
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < tensors; ++i) {
    header.tensors.push_back(read_tensor(cursor, source));
    if (const auto& name = header.tensors.back().name; !names.insert(name).second)
      damaged(source, "it has tensor " + name + " twice", name);
  }
  place(source, cursor.at(), alignment_of(header.metadata), header.tensors);
  return header;
}

}  // namespace sanctum::gguf
