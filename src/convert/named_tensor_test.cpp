#include "convert/named_tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/test_directory.h"
#include "convert/experts.h"

namespace sanctum::convert {
namespace {

constexpr std::uint64_t kBegin = 6, kNumbers = 1u << 20;

class Parts : public testing::Test {
 protected:
  // A file of numbers that count up, behind kBegin bytes.
  Parts() {
    std::string bytes(kBegin, 'x');
    for (std::uint64_t number = 0; number < kNumbers; ++number) {
      bytes += static_cast<char>(number & 255);
      bytes += static_cast<char>(number >> 8 & 255);
    }
    directory_.write("w", bytes);
    file_ = std::make_unique<ReadOnlyFile>(directory_.path("w"));
  }
  // Every number of `part`, read `piece` at once.
  std::vector<std::uint64_t> numbers(const Part& part, std::uint64_t piece) {
    std::vector<std::uint64_t> all;
    std::vector<std::byte> bytes, room;
    for (std::uint64_t from = 0; from < part.numbers(); from += piece) {
      const std::uint64_t count = std::min(piece, part.numbers() - from);
      bytes.assign(count * 2, std::byte{255});
      read_part(part, from, count, bytes.data(), room);
      for (std::uint64_t i = 0; i < count; ++i)
        all.push_back(std::to_integer<unsigned>(bytes[2 * i]) |
                      std::to_integer<unsigned>(bytes[2 * i + 1]) << 8);
    }
    return all;
  }
  static std::vector<std::uint64_t> expected(const Part& part) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t run = 0; run < part.runs; ++run)
      for (std::uint64_t i = 0; i < part.run; ++i)
        all.push_back((part.first + run * part.step + i) % (1u << 16));
    return all;
  }
  StoredTensor stored(std::vector<std::uint64_t> shape) {
    StoredTensor tensor{"w", "U16", std::move(shape), kBegin};
    tensor.file = file_.get();
    return tensor;
  }
  const TestDirectory directory_;
  std::unique_ptr<ReadOnlyFile> file_;
};

TEST_F(Parts, AreReadInPiecesOfAnySize) {
  const StoredTensor tensor = stored({3, 8, 5});
  const auto halves = gate_and_up(tensor, GateUpLie::kHalves, "g", "u");
  const auto turns = gate_and_up(tensor, GateUpLie::kByTurns, "g", "u");
  for (const NamedTensor& named :
       {as_it_is("w", tensor), halves.gate, halves.up, turns.gate, turns.up}) {
    const Part& part = named.parts.front();
    for (const std::uint64_t piece : {1u, 4u, 7u, 20u, 1000u})
      EXPECT_EQ(numbers(part, piece), expected(part)) << piece;
  }
  EXPECT_EQ(numbers(halves.up.parts.front(), 100)[20], 40u + 20u) << "of the second expert";
  EXPECT_EQ(numbers(turns.up.parts.front(), 100)[5], 15u) << "the fourth row";
  EXPECT_EQ(turns.up.shape, (std::vector<std::uint64_t>{3, 4, 5}));
}

TEST_F(Parts, ManyShortRunsAreReadTogetherAndLongOnesByThemselves) {
  const StoredTensor biases = stored({4, 50000});
  const Part gate = gate_and_up(biases, GateUpLie::kByTurns, "g", "u").gate.parts.front();
  EXPECT_EQ(numbers(gate, 1u << 18), expected(gate));
  const StoredTensor experts = stored({2, 400, 1000});
  const Part up = gate_and_up(experts, GateUpLie::kHalves, "g", "u").up.parts.front();
  EXPECT_EQ(numbers(up, 1u << 18), expected(up));
}

}  // namespace
}  // namespace sanctum::convert
