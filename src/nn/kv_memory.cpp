#include "nn/kv_memory.h"

#include <string>

#include "base/error.h"

namespace sanctum::nn {

std::int64_t KvMemory::tokens_max() const {
  const std::int64_t block = block_tokens();
  std::int64_t fits = 0, not_any_more = kKvTokensCountable / block;  // blocks
  while (fits + 1 < not_any_more) {
    const std::int64_t middle = fits + (not_any_more - fits) / 2;
    (bytes_for(middle * block) <= bytes_max() ? fits : not_any_more) = middle;
  }
  return fits * block;
}

void KvMemory::expect_room() const {
  const std::uint64_t needed = bytes_for(kKvTokensMin);
  if (needed <= bytes_max()) return;
  throw Error(ErrorCode::kInvalid,
              "the memory for keys and values, " + std::to_string(bytes_max()) +
                  " bytes, is too little for this model: it needs at least " +
                  std::to_string(needed) + " (for " + std::to_string(kKvTokensMin) +
                  " tokens); --kv-bytes gives it more",
              "kv_bytes");
}

KvKinds::KvKinds(const KvShape& shape) {
  for (const LayerMemory& layer : shape.layers) {
    const auto* keys = std::get_if<KeysAndValues>(&layer);
    ++(keys == nullptr ? state : keys->window > 0 ? window : all).layers;
  }
}

std::vector<KvKind> KvKinds::there() const {
  std::vector<KvKind> out;
  for (const KvKind* kind : {&all, &window, &state})
    if (kind->layers > 0) out.push_back(*kind);
  return out;
}

int end_spacing(std::uint64_t end_bytes, std::uint64_t token_bytes) {
  int tokens = kSpacingMin;
  while (tokens < kSpacingMax && 2 * token_bytes * static_cast<unsigned>(tokens) < end_bytes)
    tokens *= 2;
  return tokens;
}

}  // namespace sanctum::nn
