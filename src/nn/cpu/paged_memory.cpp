#include "nn/cpu/paged_memory.h"

#include <algorithm>

#include "nn/cpu/paged_cache.h"

namespace sanctum::nn {

namespace {

std::size_t in_lines(std::size_t bytes) {
  return (bytes + kernels::kLineBytes - 1) / kernels::kLineBytes * kernels::kLineBytes;
}

int blocks_for(std::int64_t tokens) {
  return static_cast<int>((tokens + PagedMemory::kBlockTokens - 1) / PagedMemory::kBlockTokens);
}

}  // namespace

PagedMemory::PagedMemory(const KvShape& shape, kernels::KvType type, std::uint64_t bytes,
                         int step_tokens)
    : KvMemory(step_tokens), shape_(shape), type_(type), bytes_max_(bytes) {
  for (int at = 0; at < static_cast<int>(shape_.layers.size()); ++at) {
    const LayerMemory& memory = layer(at);
    std::size_t taken = 0;
    Kind kind = kState;
    if (const auto* keys = std::get_if<KeysAndValues>(&memory)) {
      kind = keys->window > 0 ? kWindow : kAll;
      window_ = std::max(window_, keys->window);
      taken = 2 * head_bytes(at) * static_cast<unsigned>(keys->heads);
    } else {
      taken = in_lines(kernels::delta_bytes(std::get<RecurrentState>(memory)));
    }
    places_.push_back({kind, block_bytes_[kind]});
    block_bytes_[kind] += taken;
  }
  expect_room();
  for (int kind = 0; kind < kKinds; ++kind) {
    if (has(static_cast<Kind>(kind)))
      pools_[kind].emplace(block_bytes_[kind], bytes_max_ / block_bytes_[kind]);
  }
}

std::size_t PagedMemory::head_bytes(int layer) const {
  return kernels::kv_head_bytes(type_, padded_size(layer));
}

int PagedMemory::padded_size(int at) const {
  return padded_head_size(std::get<KeysAndValues>(layer(at)).head_size);
}

std::byte* PagedMemory::keys(int block, int at, int head) const {
  const Place& place = places_[static_cast<std::size_t>(at)];
  return pools_[place.kind]->at(block) + place.offset +
         static_cast<std::size_t>(head) * 2 * head_bytes(at);
}

float* PagedMemory::state(int block, int at) const {
  return reinterpret_cast<float*>(pools_[kState]->at(block) +
                                  places_[static_cast<std::size_t>(at)].offset);
}

std::uint64_t PagedMemory::bytes_of(const Counts& counts) const {
  std::uint64_t bytes = 0;
  for (int kind = 0; kind < kKinds; ++kind)
    bytes += std::uint64_t{block_bytes_[kind]} * static_cast<unsigned>(counts.of[kind]);
  return bytes;
}

std::uint64_t PagedMemory::bytes_for(std::int64_t tokens) const {
  return bytes_of({{blocks_for(tokens), blocks_for(std::min(tokens, tokens_seen_max())), 1}});
}

KvOutline PagedMemory::outline() const {
  KvKinds kinds(shape_);
  kinds.all.token_bytes = block_bytes_[kAll] / kBlockTokens;
  kinds.window.token_bytes = block_bytes_[kWindow] / kBlockTokens;
  kinds.window.tokens_max = tokens_seen_max();
  kinds.state.sequence_bytes = block_bytes_[kState];
  return {kinds.there(), kBlockTokens, type_};
}

int PagedMemory::spacing_tokens() const {
  const int window_blocks = blocks_for(window_);
  return end_spacing(bytes_of({{0, window_blocks, 1}}), block_bytes_[kAll] / kBlockTokens);
}

std::unique_ptr<SequenceCache> PagedMemory::sequence() {
  return std::make_unique<PagedCache>(*this);
}

std::uint64_t PagedMemory::bytes_touched() const {
  std::uint64_t bytes = 0;
  for (const auto& pool : pools_) bytes += pool ? pool->bytes_touched() : 0;
  return bytes;
}

bool PagedMemory::take(const Counts& counts, std::vector<int> (&blocks)[kKinds]) {
  std::uint64_t held = bytes_of(counts);
  for (const auto& pool : pools_) held += pool ? pool->bytes_held() : 0;
  if (held > bytes_max_) return false;
  give_back_for(counts);
  for (int kind = 0; kind < kKinds; ++kind)
    for (int i = 0; pools_[kind] && i < counts.of[kind]; ++i)
      blocks[kind].push_back(pools_[kind]->take());
  return true;
}

void PagedMemory::give_back_for(const Counts& counts) {
  std::uint64_t bytes = bytes_touched();
  Counts spare;  // warm blocks beyond what is asked for
  for (int kind = 0; kind < kKinds; ++kind) {
    if (!pools_[kind]) continue;
    const int warm = pools_[kind]->blocks_warm();
    spare.of[kind] = std::max(0, warm - counts.of[kind]);
    bytes += std::uint64_t{block_bytes_[kind]} *
             static_cast<unsigned>(std::max(0, counts.of[kind] - warm));
  }
  for (int kind = 0; kind < kKinds; ++kind) {
    for (; bytes > bytes_max_ && spare.of[kind] > 0; --spare.of[kind]) {
      pools_[kind]->give_back();
      bytes -= block_bytes_[kind];
    }
  }
}

}  // namespace sanctum::nn
