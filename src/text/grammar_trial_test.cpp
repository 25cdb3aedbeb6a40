#include "text/grammar_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::text {
namespace {

std::string refused(const std::string& source) {
  try {
    try_grammar(source);
  } catch (const Error& error) {
    return error.what();
  }
  return "(accepted)";
}

// Whatever a model has: its tokens are named, not looked up.
TEST(GrammarTrial, TakesWhatAModelsVocabularyWould) {
  EXPECT_EQ(refused("start: <[151657]> \"a\" <[151658]> | <[3-17]> /b+/"), "(accepted)");
  EXPECT_EQ(refused("start: \"a\" <[7]>"), "(accepted)");
  EXPECT_EQ(refused(R"(start: %json {"type":"object"})"), "(accepted)");
}

TEST(GrammarTrial, SaysWhatIsWrong) {
  EXPECT_THAT(refused("start: nothing"), testing::HasSubstr("nothing"));
  EXPECT_THAT(refused("start: /(?=a)b/"), testing::HasSubstr("look-around"));
}

}  // namespace
}  // namespace sanctum::text
