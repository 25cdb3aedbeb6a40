#include "text/utf8_stream.h"

#include <gtest/gtest.h>

namespace sanctum::text {
namespace {

std::string all(std::string bytes) {
  return take_characters(bytes, true);
}

TEST(Utf8Stream, HoldsTheStartOfACharacter) {
  std::string bytes = "a\xF0\x9F\x99";
  EXPECT_EQ(take_characters(bytes, false), "a");
  EXPECT_EQ(bytes, "\xF0\x9F\x99");
  bytes += "\x82";
  EXPECT_EQ(take_characters(bytes, false), "🙂");
  EXPECT_EQ(bytes, "");
}

// Expectations are those of Python's bytes.decode(errors="replace"), which follows Unicode too.
TEST(Utf8Stream, ReplacesEachMaximalSubpart) {
  EXPECT_EQ(all("\x80"), "\uFFFD");
  EXPECT_EQ(all("\xC0\xAF"), "\uFFFD\uFFFD");
  EXPECT_EQ(all("\xE2\x82"), "\uFFFD");
  EXPECT_EQ(all("\xE2\x82"
                "A"),
            "\uFFFD"
            "A");
  EXPECT_EQ(all("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(all("\xE0\x80\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(all("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(all("\xF0\x9F\x99\xE4\xBD\xA0"), "\uFFFD你");
  EXPECT_EQ(all("\xFFz"), "\uFFFDz");
}

TEST(Utf8Stream, SplitsDoNotMatter) {
  const std::string bytes = "é\xF0\x9F你\xE4\xBD\x80\xFF\xED\xA0z🙂\xC3";
  const std::string whole = all(bytes);
  std::string held, out;
  for (const char c : bytes) {
    held += c;
    out += take_characters(held, false);
  }
  out += take_characters(held, true);
  EXPECT_EQ(out, whole);
}

}  // namespace
}  // namespace sanctum::text
