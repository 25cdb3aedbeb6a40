#include "engine/constraint.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::engine {
namespace {

class ConstraintTest : public testing::Test {
 protected:
  std::vector<int> open(std::span<const std::uint32_t> mask) const {
    std::vector<int> ids;
    for (int id = 0; id < tokenizer_->vocabulary(); ++id) {
      const auto at = static_cast<std::size_t>(id);
      if ((mask[at / 32] >> (at % 32) & 1u) != 0) ids.push_back(id);
    }
    return ids;
  }
  const std::shared_ptr<const text::Tokenizer> tokenizer_ =
      text::Tokenizer::load(source_directory() + "/models/smoke");
  const text::GrammarVocabulary vocabulary_{*tokenizer_, tokenizer_->end_ids(),
                                            tokenizer_->vocabulary()};
  MaskWorkers workers_{2};
};

TEST_F(ConstraintTest, EachMaskIsOfWhatWasTaken) {
  const auto grammar = vocabulary_.compile("start: /[a-f]{1,9}/");
  const auto beside = grammar->begin();
  Constraint constraint(grammar->begin());
  for (int step = 0; step < 5; ++step) {
    const auto expected = beside->mask();
    const auto mask = constraint.mask();
    ASSERT_EQ(std::vector(mask.begin(), mask.end()), expected) << step;
    const auto ids = tokenizer_->encode("a", false);
    constraint.take(ids.front());
    if (step % 2 == 1) constraint.compute_by(workers_);  // or whoever asks for it
    beside->take({ids.data(), 1});
  }
}

TEST_F(ConstraintTest, ATokenThatMayNotStandThereIsAnError) {
  Constraint constraint(vocabulary_.compile(R"(start: "a")")->begin());
  constraint.take(tokenizer_->encode("b", false).front());
  EXPECT_THROW(constraint.mask(), Error);
  constraint.take(tokenizer_->encode("a", false).front());
  EXPECT_THROW(constraint.mask(), Error) << "it stays one";
}

// A sequence may end, or be cancelled, while its mask is computed.
TEST_F(ConstraintTest, MayEndBeforeItsMaskDoes) {
  const auto grammar = vocabulary_.compile("start: /[a-f]+/");
  for (int i = 0; i < 200; ++i) {
    Constraint constraint(grammar->begin());
    constraint.take(tokenizer_->encode("a", false).front());
    constraint.compute_by(workers_);
  }
}

}  // namespace
}  // namespace sanctum::engine
