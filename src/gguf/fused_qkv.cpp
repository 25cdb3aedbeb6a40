#include "gguf/fused_qkv.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace sanctum::gguf {
namespace {

constexpr std::string_view kFused = "attn_qkv";

std::array<Tensor, 3> split(const Source& source, const Tensor& fused, std::size_t name_at,
                            const Shape& shape) {
  const auto rows_of = [&](int heads) {
    return static_cast<std::uint64_t>(heads) * static_cast<std::uint64_t>(shape.head_size);
  };
  const std::uint64_t q = rows_of(shape.heads), kv = rows_of(shape.kv_heads);
  const std::uint64_t rows = fused.shape.front();  // of a bias: as many numbers
  if (fused.shape.size() > 2 || rows != q + 2 * kv)
    throw Error(ErrorCode::kInvalid,
                source.name() + ": tensor " + fused.name + " has " + std::to_string(rows) +
                    " rows; queries, keys and values have " + std::to_string(q + 2 * kv) +
                    " by the metadata's heads",
                fused.name);
  std::array<Tensor, 3> out;
  std::uint64_t begin = fused.begin;
  for (std::size_t i = 0; i < out.size(); ++i) {
    constexpr const char* kNames[] = {"attn_q", "attn_k", "attn_v"};
    Tensor& part = out[i] = fused;
    part.name.replace(name_at, kFused.size(), kNames[i]);
    part.shape.front() = i == 0 ? q : kv;
    part.bytes = fused.bytes / rows * part.shape.front();
    part.begin = std::exchange(begin, begin + part.bytes);
  }
  return out;
}

}  // namespace

void split_fused(const Source& source, const Architecture& architecture, const Shape& shape,
                 Header& header) {
  const auto& parts = architecture.layer_parts;
  if (std::any_of(parts.begin(), parts.end(), [](const Part& p) { return p.theirs == kFused; }))
    return;
  std::vector<Tensor> out;
  for (Tensor& tensor : header.tensors) {
    const std::size_t at = tensor.name.find("." + std::string(kFused) + ".");
    if (at == std::string::npos) {
      out.push_back(std::move(tensor));
    } else {
      for (Tensor& part : split(source, tensor, at + 1, shape)) out.push_back(std::move(part));
    }
  }
  header.tensors = std::move(out);
}

}  // namespace sanctum::gguf
