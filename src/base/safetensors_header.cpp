#include "base/safetensors_header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/weight_files.h"

namespace sanctum {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 15> kBytesOf{{{"F64", 8},
                                                                               {"F32", 4},
                                                                               {"F16", 2},
                                                                               {"BF16", 2},
                                                                               {"I64", 8},
                                                                               {"I32", 4},
                                                                               {"I16", 2},
                                                                               {"I8", 1},
                                                                               {"U64", 8},
                                                                               {"U32", 4},
                                                                               {"U16", 2},
                                                                               {"U8", 1},
                                                                               {"F8_E4M3", 1},
                                                                               {"F8_E8M0", 1},
                                                                               {"BOOL", 1}}};

[[noreturn]] void corrupt(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kCorrupt, path + " is damaged: " + what + "; download or copy it again",
              "path");
}

std::uint64_t bytes_per_element(const std::string& path, const TensorEntry& entry) {
  if (const std::uint64_t bytes = safetensors_bytes_of(entry.dtype); bytes != 0) return bytes;
  throw Error(ErrorCode::kInvalid,
              path + ": tensor " + entry.name + " has the unsupported dtype " + entry.dtype,
              "path");
}

TensorEntry parse_entry(const std::string& path, const std::string& name, const json::Node& node,
                        std::uint64_t data_start, std::uint64_t file_bytes) {
  TensorEntry entry;
  entry.name = name;
  entry.dtype = node.at("dtype").as_string();
  std::uint64_t bytes = bytes_per_element(path, entry);
  for (const auto& side : node.at("shape").as_array(kTensorDimensionsMax)) {
    entry.shape.push_back(side.as_int(0, std::numeric_limits<std::int32_t>::max()));
    const auto extent = static_cast<std::uint64_t>(entry.shape.back());
    if (extent != 0 && bytes > file_bytes / extent) {
      corrupt(path, "tensor " + name + " is larger than the file");
    }
    bytes *= extent;
  }
  const auto offsets = node.at("data_offsets").as_array(2);
  if (offsets.size() != 2) corrupt(path, "tensor " + name + " has no begin and end");
  const std::uint64_t begin = offsets[0].as_uint64();
  const std::uint64_t end = offsets[1].as_uint64();
  if (begin > end || end > file_bytes - data_start) {
    corrupt(path, "tensor " + name + " lies outside the file (bytes " + std::to_string(begin) +
                      " to " + std::to_string(end) + " of " +
                      std::to_string(file_bytes - data_start) + ")");
  }
  if (end - begin != bytes) {
    corrupt(path, "tensor " + name + " has " + std::to_string(end - begin) +
                      " bytes where its shape needs " + std::to_string(bytes));
  }
  entry.begin = data_start + begin;
  entry.end = data_start + end;
  return entry;
}

// As the reference implementation: each byte of the data is of one tensor. `entries` in their
// order.
void expect_covered(const std::string& path, const std::vector<TensorEntry>& entries,
                    std::uint64_t data_start, std::uint64_t file_bytes) {
  std::uint64_t covered = data_start;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].begin < covered)
      corrupt(path, "tensors " + entries[i - 1].name + " and " + entries[i].name + " overlap");
    if (entries[i].begin > covered)
      corrupt(path, std::to_string(entries[i].begin - covered) + " bytes before tensor " +
                        entries[i].name + " are no tensor's");
    covered = entries[i].end;
  }
  if (covered < file_bytes)
    corrupt(path, std::to_string(file_bytes - covered) + " bytes lie behind its last tensor");
}

}  // namespace

std::uint64_t safetensors_bytes_of(std::string_view dtype) {
  for (const auto& [name, bytes] : kBytesOf)
    if (name == dtype) return bytes;
  return 0;
}

std::vector<TensorEntry> read_safetensors_header(const ReadOnlyFile& file) {
  static_assert(std::endian::native == std::endian::little);
  const std::string& path = file.path();
  const std::uint64_t file_bytes = file.bytes();
  std::uint64_t header_bytes = 0;
  if (file_bytes < 8) corrupt(path, "it has only " + std::to_string(file_bytes) + " bytes");
  file.read(0, reinterpret_cast<std::byte*>(&header_bytes), 8);
  if (header_bytes > kSafetensorsHeaderBytesMax || header_bytes > file_bytes - 8) {
    corrupt(path, "its header claims " + std::to_string(header_bytes) + " bytes");
  }
  std::string text(header_bytes, '\0');
  file.read(8, reinterpret_cast<std::byte*>(text.data()), text.size());

  std::vector<TensorEntry> entries;
  try {
    const json::Document document(text);
    for (const auto& [name, node] : document.root().members()) {
      if (name == "__metadata__") continue;
      entries.push_back(parse_entry(path, name, node, 8 + header_bytes, file_bytes));
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCorrupt || error.field() == "path") throw;
    corrupt(path, std::string("in its header ") + error.what());
  }
  // One without numbers begins where the next does.
  std::sort(entries.begin(), entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  expect_covered(path, entries, 8 + header_bytes, file_bytes);
  return entries;
}

std::set<std::string> stored_names(const std::string& directory) {
  std::set<std::string> names;
  for (const std::string& path : weight_files(directory)) {
    const ReadOnlyFile file(path, "the weight file", ErrorCode::kCorrupt);
    for (TensorEntry& entry : read_safetensors_header(file)) names.insert(std::move(entry.name));
  }
  return names;
}

}  // namespace sanctum
