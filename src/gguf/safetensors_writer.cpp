#include "gguf/safetensors_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/file.h"
#include "base/file_error.h"
#include "base/json.h"

namespace sanctum::gguf {
namespace {

constexpr std::size_t kHeaderAlignment = 8;  // bytes, as the reference implementation

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
  throw Error(file_error_code(error), what + " " + path + ": " + file_error_text(error), "path");
}

void write_at(int descriptor, const std::string& path, std::uint64_t at, const void* from,
              std::size_t bytes) {
  const char* next = static_cast<const char*>(from);
  while (bytes > 0) {
    const ssize_t put = ::pwrite(descriptor, next, bytes, static_cast<off_t>(at));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail("cannot write", path, errno);
    next += put;
    at += static_cast<std::uint64_t>(put);
    bytes -= static_cast<std::size_t>(put);
  }
}

std::string shard_name(std::size_t at, std::size_t of) {
  if (of == 1) return "model.safetensors";
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", at + 1, of);
  return name;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::string directory, std::vector<OutTensor> tensors,
                                     std::uint64_t shard_bytes_max)
    : directory_(std::move(directory)), tensors_(std::move(tensors)), places_(tensors_.size()) {
  plan(shard_bytes_max);
  for (Shard& shard : shards_) open(shard);
}

SafetensorsWriter::~SafetensorsWriter() {
  for (const Shard& shard : shards_)
    if (shard.descriptor >= 0) ::close(shard.descriptor);
}

void SafetensorsWriter::plan(std::uint64_t shard_bytes_max) {
  shards_.emplace_back();
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (shards_.back().bytes > 0 &&
        tensors_[i].bytes > shard_bytes_max - std::min(shard_bytes_max, shards_.back().bytes))
      shards_.emplace_back();
    Shard& shard = shards_.back();
    places_[i] = {shards_.size() - 1, shard.bytes};
    shard.bytes += tensors_[i].bytes;
    shard.tensors.push_back(i);
  }
}

void SafetensorsWriter::open(Shard& shard) {
  const auto at = static_cast<std::size_t>(&shard - shards_.data());
  shard.path = directory_ + "/" + shard_name(at, shards_.size());
  json::Writer w;
  w.begin_object().key("__metadata__").begin_object().field("format", "mlx").end_object();
  for (const std::size_t i : shard.tensors) {
    w.key(tensors_[i].name).begin_object().field("dtype", tensors_[i].dtype);
    w.key("shape").begin_array();
    for (const std::uint64_t extent : tensors_[i].shape) w.value(extent);
    w.end_array().key("data_offsets").begin_array();
    w.value(places_[i].begin).value(places_[i].begin + tensors_[i].bytes).end_array().end_object();
  }
  std::string header = w.end_object().take();
  header.resize((header.size() + kHeaderAlignment - 1) / kHeaderAlignment * kHeaderAlignment, ' ');
  const std::uint64_t length = header.size();
  shard.descriptor = ::open(shard.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (shard.descriptor < 0) fail("cannot create", shard.path, errno);
  write_at(shard.descriptor, shard.path, 0, &length, sizeof length);
  write_at(shard.descriptor, shard.path, sizeof length, header.data(), header.size());
  for (const std::size_t i : shard.tensors) places_[i].begin += sizeof length + header.size();
}

void SafetensorsWriter::write(std::size_t tensor, std::uint64_t at, const void* from,
                              std::size_t bytes) {
  const Shard& shard = shards_[places_[tensor].shard];
  write_at(shard.descriptor, shard.path, places_[tensor].begin + at, from, bytes);
}

void SafetensorsWriter::finish(std::optional<std::uint64_t> total_parameters) {
  for (Shard& shard : shards_) {
    if (::fsync(shard.descriptor) != 0) fail("cannot write", shard.path, errno);
    if (::close(std::exchange(shard.descriptor, -1)) != 0) fail("cannot write", shard.path, errno);
  }
  if (shards_.size() > 1 || total_parameters) write_index(total_parameters);
}

void SafetensorsWriter::leave_holes() {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const Shard& shard = shards_[places_[i].shard];
    const auto end = static_cast<off_t>(places_[i].begin + tensors_[i].bytes);
    // They lie in order.
    if (::ftruncate(shard.descriptor, end) != 0) fail("cannot write", shard.path, errno);
  }
  if (shards_.size() > 1) write_index(std::nullopt);
}

void SafetensorsWriter::write_index(std::optional<std::uint64_t> total_parameters) const {
  json::Writer w;
  w.begin_object().key("metadata").begin_object().field("total_size", bytes());
  if (total_parameters) w.field("total_parameters", *total_parameters);
  w.end_object().key("weight_map").begin_object();
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    w.field(tensors_[i].name, shard_name(places_[i].shard, shards_.size()));
  w.end_object().end_object();
  write_file_atomically(directory_ + "/model.safetensors.index.json", w.take());
}

std::uint64_t SafetensorsWriter::bytes() const {
  std::uint64_t sum = 0;
  for (const OutTensor& tensor : tensors_) sum += tensor.bytes;
  return sum;
}

}  // namespace sanctum::gguf
