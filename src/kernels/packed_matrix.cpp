#include "kernels/packed_matrix.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>

#include "base/invariant.h"
#include "kernels/half.h"
#include "kernels/small_float.h"
#include "kernels/thread_pool.h"

namespace sanctum::kernels {
namespace {

constexpr int kPanelsTogether = 16;  // that one thread packs before it takes others

// What was thrown first by work that threads share and that must not throw.
class FirstFailure {
 public:
  template <class Work>
  void watch(const Work& work) {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      work();
    } catch (...) {
      if (!failed_.exchange(true)) what_ = std::current_exception();
    }
  }
  // Once all have ended.
  void rethrow() const {
    if (what_) std::rethrow_exception(what_);
  }

 private:
  std::atomic<bool> failed_ = false;
  std::exception_ptr what_;
};

// The integers of a row in words of the packed form's bits.
void widen(const std::uint32_t* from, int bits, int columns, int to_bits, std::uint32_t* to) {
  const int per_word = 32 / to_bits;
  std::uint64_t window = 0;  // bits that were read and not yet taken
  int held = 0;
  for (int column = 0; column < columns; column += per_word) {
    std::uint32_t word = 0;
    for (int i = 0; i < per_word; ++i) {
      if (held < bits) {
        window |= static_cast<std::uint64_t>(*from++) << held;
        held += 32;
      }
      word |= static_cast<std::uint32_t>(window & ((1u << bits) - 1)) << i * to_bits;
      window >>= bits;
      held -= bits;
    }
    *to++ = word;
  }
}

// A stored word's columns in the packed order.
std::uint32_t reordered(std::uint32_t word, int bits) {
  if (bits == 8) return (word & 0xff0000ff) | (word & 0xff00) << 8 | (word & 0xff0000) >> 8;
  const auto spread = [](std::uint32_t four) { return (four & 0x0f0f) | (four & 0xf0f0) << 12; };
  return spread(word & 0xffff) | spread(word >> 16) << 4;
}

// Column `column` of those that a packed word holds.
int value_of(std::uint32_t word, int column, int bits) {
  const std::uint32_t byte = word >> 8 * kColumnOrder[column % 4] & 0xff;
  if (bits == 8) return static_cast<int>(byte);
  return static_cast<int>(column < 4 ? byte & 15 : byte >> 4);
}

QuantizedReader reader_of(const QuantizedSource& whole, int columns, int bits, int group,
                          NumberType scale_type) {
  return [=](int first, int, std::vector<std::byte>&) {
    const std::size_t row = static_cast<std::size_t>(first);
    const std::size_t scales = row * (columns / group) * bytes_of(scale_type);
    const auto* biases = static_cast<const std::byte*>(whole.biases);
    return QuantizedSource{whole.words + row * (columns * bits / 32),
                           static_cast<const std::byte*>(whole.scales) + scales,
                           biases == nullptr ? nullptr : biases + scales};
  };
}

}  // namespace

PackedMatrix::PackedMatrix(const QuantizedSource& source, int outputs, int columns, int bits,
                           int group, NumberType scale_type, ThreadPool* pool, Codes codes)
    : PackedMatrix(reader_of(source, columns, bits, group, scale_type), outputs, columns, bits,
                   group, scale_type, pool, codes) {}

PackedMatrix::PackedMatrix(const QuantizedReader& read, int outputs, int columns, int bits,
                           int group, NumberType scale_type, ThreadPool* pool, Codes codes)
    : shape_{outputs, columns, PackedShape::bits_of(bits), group, scale_type, codes},
      stored_bits_(bits),
      pages_(bytes()) {
  SANCTUM_INVARIANT(outputs > 0 && columns > 0 && columns % group == 0, "shape of a matrix");
  if (codes == Codes::kAffine) {
    SANCTUM_INVARIANT(bits >= 2 && bits <= 8 && bits != 7, "bits of a matrix");
    SANCTUM_INVARIANT(group == 32 || group == 64 || group == 128, "group of a matrix");
  } else {
    SANCTUM_INVARIANT(bits == 4 && (group == 16 || group == 32), "E2M1's bits and group");
    SANCTUM_INVARIANT(scale_type == kBfloat16 || (scale_type == kFloat32 && group == 16),
                      "E2M1's scales");
  }
  pages_.use_large();
  FirstFailure failure;
  const auto pack = [&](int part) {
    std::vector<std::byte> room;
    const int last = std::min((part + 1) * kPanelsTogether, panels());
    failure.watch([&] {
      for (int p = part * kPanelsTogether; p < last; ++p) {
        const int first = p * kPanelRows;
        pack_panel(read(first, std::min(first + kPanelRows, shape_.outputs), room), p);
      }
    });
  };
  const int parts = (panels() + kPanelsTogether - 1) / kPanelsTogether;
  if (pool != nullptr) {
    pool->run(parts, pack);
  } else {
    for (int part = 0; part < parts; ++part) pack(part);
  }
  failure.rethrow();
}

void PackedMatrix::pack_panel(const QuantizedSource& rows, int at) {
  const auto& [outputs, columns, bits, group, scale_type, codes] = shape_;
  const int groups = columns / group, chunks = group * bits / 32;
  const std::size_t scale_bytes = bytes_of(scale_type);
  const auto* scales = static_cast<const std::uint8_t*>(rows.scales);
  const auto* biases = static_cast<const std::uint8_t*>(rows.biases);
  std::uint8_t* panel = data() + panel_bytes() * static_cast<std::size_t>(at);
  const int first = at * kPanelRows, last = std::min(first + kPanelRows, outputs);
  if (last - first < kPanelRows) std::memset(panel, 0, panel_bytes());
  std::vector<std::uint32_t> wide(stored_bits_ == bits ? 0 : columns * bits / 32);
  for (int output = first; output < last; ++output) {
    const std::size_t lane = output - first, row = lane * groups;
    const std::uint32_t* word = rows.words + lane * (columns * stored_bits_ / 32);
    if (!wide.empty()) {
      widen(word, stored_bits_, columns, bits, wide.data());
      word = wide.data();
    }
    std::uint8_t* block = panel;
    for (int g = 0; g < groups; ++g, block += group_bytes()) {
      for (int chunk = 0; chunk < chunks; ++chunk) {
        const std::uint32_t packed = reordered(*word++, bits);
        std::memcpy(block + kChunkBytes * chunk + lane * 4, &packed, 4);
      }
      const std::size_t from = (row + g) * scale_bytes;
      std::uint8_t* to = block + kChunkBytes * chunks + lane * scale_bytes;
      if (codes == Codes::kE2m1) {
        from_float(to_float(scales + from, scale_type) / 2, to, scale_type);
        continue;
      }
      std::memcpy(to, scales + from, scale_bytes);
      std::memcpy(to + kPanelRows * scale_bytes, biases + from, scale_bytes);
    }
  }
}

void PackedMatrix::read_row(int output, float* out) const {
  const auto& [outputs, columns, bits, group, scale_type, codes] = shape_;
  const std::size_t lane = output % kPanelRows, scale_bytes = bytes_of(scale_type);
  const int chunks = group * bits / 32, per_word = 32 / bits;
  const std::uint8_t* block = panel(output / kPanelRows);
  for (int g = 0; g < columns / group; ++g, block += group_bytes()) {
    const std::uint8_t* at = block + kChunkBytes * chunks + lane * scale_bytes;
    const float scale = to_float(at, scale_type);
    const float bias =
        codes == Codes::kE2m1 ? 0.0f : to_float(at + kPanelRows * scale_bytes, scale_type);
    for (int chunk = 0; chunk < chunks; ++chunk) {
      std::uint32_t word;
      std::memcpy(&word, block + kChunkBytes * chunk + lane * 4, 4);
      for (int c = 0; c < per_word; ++c) {
        const int q = value_of(word, c, bits);
        *out++ = codes == Codes::kE2m1 ? scale * static_cast<float>(kE2m1Halves[q])
                                       : scale * static_cast<float>(q) + bias;
      }
    }
  }
}

}  // namespace sanctum::kernels
