#include "convert/named_tensor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/safetensors_header.h"

namespace sanctum::convert {
namespace {

constexpr std::uint64_t kRoomBytes = 1u << 18;  // where runs that are short are read together

}  // namespace

Part whole(const StoredTensor& tensor) {
  const std::uint64_t all = tensor.numbers();
  return {&tensor, 0, all, all, 1};
}

void read_part(const Part& part, std::uint64_t from, std::uint64_t count, std::byte* to,
               std::vector<std::byte>& room) {
  const StoredTensor& tensor = *part.tensor;
  const std::uint64_t width = safetensors_bytes_of(tensor.dtype);
  const std::uint64_t together = part.step == 0 ? 0 : kRoomBytes / (part.step * width);
  while (count > 0) {
    const std::uint64_t run = from / part.run, inside = from % part.run;
    const std::uint64_t begin = tensor.begin + (part.first + run * part.step) * width;
    if (together < 2 || run + 1 == part.runs) {
      const std::uint64_t numbers = std::min(count, part.run - inside);
      tensor.file->read(begin + inside * width, to, numbers * width);
      from += numbers, count -= numbers, to += numbers * width;
      continue;
    }
    const std::uint64_t needed = (inside + count + part.run - 1) / part.run;
    const std::uint64_t runs = std::min({together, part.runs - run, needed});
    room.resize(((runs - 1) * part.step + part.run) * width);
    tensor.file->read(begin, room.data(), room.size());
    for (std::uint64_t i = 0; i < runs; ++i) {
      const std::uint64_t skipped = i == 0 ? inside : 0;
      const std::uint64_t numbers = std::min(count, part.run - skipped);
      std::memcpy(to, room.data() + (i * part.step + skipped) * width, numbers * width);
      from += numbers, count -= numbers, to += numbers * width;
    }
  }
}

std::uint64_t NamedTensor::numbers() const {
  std::uint64_t sum = 0;
  for (const Part& part : parts) sum += part.numbers();
  return sum;
}

std::string NamedTensor::path() const {
  return name.substr(0, name.rfind('.'));
}

bool NamedTensor::is_matrix() const {
  return name.ends_with(".weight") && !name.ends_with("conv1d.weight") && shape.size() >= 2;
}

NamedTensor as_it_is(std::string name, const StoredTensor& stored) {
  return {std::move(name), {whole(stored)}, stored.shape, stored.dtype};
}

}  // namespace sanctum::convert
