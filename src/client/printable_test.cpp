#include "client/printable.h"

#include <gtest/gtest.h>

namespace sanctum::client {
namespace {

TEST(Printable, KeepsTextInAnyLanguage) {
  const std::string text = "a\tb\nüñ 漢字 \xF0\x9F\x99\x82";
  EXPECT_EQ(printable(text), text);
}

TEST(Printable, DropsWhatATerminalWouldActOn) {
  EXPECT_EQ(printable("\x1B]0;title\x07red\x1B[31m\r\b\x7F"), "]0;titlered[31m");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "31mb"),
            "a31mb")
      << "C1 introducer";
  EXPECT_EQ(printable("a\xE2\x80\xAE"
                      "b\xE2\x81\xA6"
                      "c"),
            "abc")
      << "marks that reorder";
}

TEST(Printable, BytesThatAreNoUtf8AreReplaced) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(printable("\xFF"), mark);
  EXPECT_EQ(printable("\xC0\x80"), mark + mark) << "overlong";
  EXPECT_EQ(printable("\xED\xA0\x80"), mark + mark + mark) << "surrogate";
  EXPECT_EQ(printable("a\xE6\xBC"), "a" + mark + mark) << "cut off";
}

TEST(Printable, OneLineOfBoundedLength) {
  EXPECT_EQ(printable_line("a\nb\tc", 10), "a b c");
  EXPECT_EQ(printable_line("üüüü", 3), "üüü...");
  EXPECT_EQ(printable_line("üüü", 3), "üüü");
}

}  // namespace
}  // namespace sanctum::client
