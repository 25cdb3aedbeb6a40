#include "base/size_text.h"

#include <gtest/gtest.h>

namespace sanctum {
namespace {

TEST(SizeText, ANumberAndItsUnit) {
  for (const char* text : {"2147483648", "2g", "2G", "2GB", "2gib", "2GiB", " 2 GiB ", "2048MiB"})
    EXPECT_EQ(read_size(text), std::uint64_t{2} << 30) << text;
  EXPECT_EQ(read_size("0"), 0u);
  EXPECT_EQ(read_size("7b"), 7u);
  EXPECT_EQ(read_size("9223372036854775807"), 9223372036854775807u);
}

// The first two were once taken, as sizes of sixteen exabytes.
TEST(SizeText, WhatIsNoSizeIsNone) {
  for (const char* text : {"-1", "99999999999999999999", "9223372036854775808", "8E", "16384P", "",
                           " ", "GiB", "2x", "2Gi", "2GiBs", "2bib", "1.5G", "0x10", "+1"})
    EXPECT_FALSE(read_size(text)) << text;
}

TEST(SizeText, ExactlyAsItIsReadBack) {
  EXPECT_EQ(exact_size_text(0), "0");
  EXPECT_EQ(exact_size_text(1000), "1000");
  EXPECT_EQ(exact_size_text(1536), "1536");
  EXPECT_EQ(exact_size_text(2u << 20), "2MiB");
  for (const std::uint64_t bytes : {1ull, 1023ull, 1024ull, 3ull << 30, 7ull << 60, 12345678ull})
    EXPECT_EQ(read_size(exact_size_text(bytes)), bytes);
}

TEST(SizeText, ForPeopleInThreeDigits) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1000), "1.00 kB");
  EXPECT_EQ(size_text(9994), "9.99 kB");
  EXPECT_EQ(size_text(9996), "10.0 kB");
  EXPECT_EQ(size_text(712'400'000), "712 MB");
  EXPECT_EQ(size_text(999'600'000), "1.00 GB");
  EXPECT_EQ(size_text(18'446'744'073'709'551'615u), "18.4 EB");
}

}  // namespace
}  // namespace sanctum
