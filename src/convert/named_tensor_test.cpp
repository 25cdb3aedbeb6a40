#include "convert/named_tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "convert/experts.h"

namespace sanctum::convert {
namespace {

// A file of bytes that count up, with a tensor of U16 behind `kBegin` of them.
constexpr std::uint64_t kBegin = 6;
class Counting final : public gguf::Source {
 public:
  const std::string& name() const override { return name_; }
  std::uint64_t bytes() const override { return 1u << 30; }
  void read(std::uint64_t from, std::byte* to, std::size_t bytes) const override {
    ++reads;
    for (std::size_t i = 0; i < bytes; ++i) {
      const std::uint64_t at = from + i - kBegin;  // the number's lower byte, then its upper
      to[i] = static_cast<std::byte>(at / 2 >> (at % 2 * 8) & 255);
    }
  }
  mutable int reads = 0;

 private:
  std::string name_ = "counting";
};

class Parts : public testing::Test {
 protected:
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
    tensor.file = &file_;
    return tensor;
  }
  Counting file_;
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
  EXPECT_LT(file_.reads, 10);
  file_.reads = 0;
  const StoredTensor experts = stored({2, 400, 1000});
  const Part up = gate_and_up(experts, GateUpLie::kHalves, "g", "u").up.parts.front();
  EXPECT_EQ(numbers(up, 1u << 18), expected(up));
  EXPECT_LT(file_.reads, 10);
}

}  // namespace
}  // namespace sanctum::convert
