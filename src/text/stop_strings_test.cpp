#include "text/stop_strings.h"

#include <gtest/gtest.h>

namespace sanctum::text {
namespace {

struct Outcome {
  std::string text;
  std::string matched;
  bool operator==(const Outcome&) const = default;
};

Outcome feed(const std::vector<std::string>& stops, const std::vector<std::string>& pieces) {
  StopStrings filter(stops);
  Outcome outcome;
  bool stopped = false;
  for (const std::string& piece : pieces) {
    const StopStrings::Result result = filter.push(piece);
    outcome.text += result.text;
    outcome.matched = result.matched;
    stopped = result.stopped;
  }
  if (!stopped) outcome.text += filter.finish();
  return outcome;
}

// The outcome for the whole text, having checked that every split gives the same.
Outcome at_every_split(const std::vector<std::string>& stops, const std::string& text) {
  const Outcome whole = feed(stops, {text});
  for (std::size_t i = 0; i <= text.size(); ++i) {
    EXPECT_EQ(feed(stops, {text.substr(0, i), text.substr(i)}), whole) << "split at " << i;
  }
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(feed(stops, bytes), whole) << "byte by byte";
  return whole;
}

TEST(StopStrings, EndsBeforeTheStop) {
  EXPECT_EQ(at_every_split({"\nUser:"}, "Hello.\nUser: hi"), (Outcome{"Hello.", "\nUser:"}));
}

TEST(StopStrings, ReleasesWhatOnlyLookedLikeAStop) {
  EXPECT_EQ(at_every_split({"###", "END"}, "a ## b EN d ##"), (Outcome{"a ## b EN d ##", ""}));
}

TEST(StopStrings, RepeatedPrefixesAreNotLost) {
  EXPECT_EQ(at_every_split({"aab"}, "aaaab!"), (Outcome{"aa", "aab"}));
}

TEST(StopStrings, FirstCompleteOneWins) {
  EXPECT_EQ(at_every_split({"bcd", "c"}, "abcd"), (Outcome{"ab", "c"}));
  EXPECT_EQ(at_every_split({"stop", "sto"}, "a stop"), (Outcome{"a ", "sto"}));
}

TEST(StopStrings, OfTwoEndingTogetherTheLongestWins) {
  EXPECT_EQ(at_every_split({"b", "ab"}, "xab"), (Outcome{"x", "ab"}));
  EXPECT_EQ(at_every_split({"ab", "b"}, "xab"), (Outcome{"x", "ab"}));
}

TEST(StopStrings, HoldsOnlyWhatCouldBegin) {
  StopStrings filter({"stop"});
  EXPECT_EQ(filter.push("go st").text, "go ");
  EXPECT_EQ(filter.push("ay").text, "stay");
  EXPECT_EQ(filter.push("stop").text, "");
  EXPECT_TRUE(filter.push("more").stopped);
  EXPECT_EQ(filter.push("more").text, "");
  EXPECT_EQ(filter.finish(), "");
}

TEST(StopStrings, NoStopsAndEmptyStopsPassEverything) {
  EXPECT_EQ(at_every_split({}, "text"), (Outcome{"text", ""}));
  EXPECT_EQ(at_every_split({""}, "text"), (Outcome{"text", ""}));
}

TEST(StopStrings, WholeCharactersStayWhole) {
  StopStrings filter({"é!"});
  EXPECT_EQ(filter.push("caf").text, "caf");
  EXPECT_EQ(filter.push("é").text, "");
  EXPECT_EQ(filter.push("s").text, "és");
}

}  // namespace
}  // namespace sanctum::text
