#include "gguf/reader.h"

#include <gtest/gtest.h>

#include "base/test_directory.h"
#include "gguf/test_file.h"

namespace sanctum::gguf {
namespace {

constexpr std::uint32_t kF32 = 0, kQ8_0 = 8;

Header read(const std::string& bytes) {
  return read_header(MemorySource(bytes));
}

void refused(const std::string& bytes, const std::string& word, const std::string& field = "") {
  try {
    read(bytes);
    ADD_FAILURE() << "accepted, though: " << word;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("test.gguf"), std::string::npos) << error.what();
    EXPECT_EQ(error.field(), field) << error.what();
  }
}

FileMaker small() {
  FileMaker file;
  file.text("general.architecture", "llama").u32("llama.block_count", 2);
  return file;
}

TEST(Reader, GivesKeysOfEveryType) {
  FileMaker file;
  file.key("u8", 0, raw<std::uint8_t>(200)).key("i8", 1, raw<std::int8_t>(-3));
  file.key("u16", 2, raw<std::uint16_t>(60000)).key("i16", 3, raw<std::int16_t>(-300));
  file.u32("u32", 4000000000).key("i32", 5, raw<std::int32_t>(-70000)).f32("f32", 0.5f);
  file.key("bool", 7, raw<std::uint8_t>(1)).text("string", "ä").texts("strings", {"a", ""});
  file.key("u64", 10, raw<std::uint64_t>(1)).key("i64", 11, raw<std::int64_t>(-5));
  file.key("f64", 12, raw(0.25)).i32s("i32s", {1, -2});
  file.key("f32s", 9, raw<std::uint32_t>(6) + raw<std::uint64_t>(1) + raw(1.5f));
  file.key("bools", 9, raw<std::uint32_t>(7) + raw<std::uint64_t>(2) + std::string("\1\0", 2));
  file.key("nested", 9,
           raw<std::uint32_t>(9) + raw<std::uint64_t>(1) + raw<std::uint32_t>(0) +
               raw<std::uint64_t>(2) + "ab");
  file.text("last", "here");
  const Metadata metadata = read(file.bytes()).metadata;
  EXPECT_EQ(metadata.integer("u8", 0, 255), 200);
  EXPECT_EQ(metadata.integer("i8", -128, 0), -3);
  EXPECT_EQ(metadata.integer("u16", 0, 65535), 60000);
  EXPECT_EQ(metadata.integer("i16", -1000, 0), -300);
  EXPECT_EQ(metadata.integer("u32", 0, 1ll << 40), 4000000000);
  EXPECT_EQ(metadata.integer("i32", -100000, 0), -70000);
  EXPECT_EQ(metadata.integer("u64", 0, 10), 1);
  EXPECT_EQ(metadata.integer("i64", -10, 0), -5);
  EXPECT_EQ(metadata.number("f32"), 0.5);
  EXPECT_EQ(metadata.number("f64"), 0.25);
  EXPECT_TRUE(metadata.flag_or("bool", false));
  EXPECT_EQ(metadata.string("string"), "ä");
  EXPECT_EQ(metadata.strings("strings"), (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(metadata.integers("i32s"), (std::vector<std::int64_t>{1, -2}));
  EXPECT_EQ(metadata.numbers("f32s"), (std::vector<double>{1.5}));
  EXPECT_EQ(metadata.string("last"), "here") << "what follows arrays of arrays is read too";
}

TEST(Reader, MetadataHasABudgetOfMemory) {
  // Numbers of a byte are kept in eight.
  const std::uint64_t arrays = kMetadataBytesMax / (8 * kArrayLengthMax);
  const std::string bytes =
      raw<std::uint32_t>(0) + raw(kArrayLengthMax) + std::string(kArrayLengthMax, '\1');
  FileMaker file;
  for (std::uint64_t i = 0; i < arrays; ++i) file.key("k" + std::to_string(i), 9, bytes);
  read(file.bytes());
  refused(file.text("last", "a").bytes(), "over 256 MiB of memory with the value of last", "last");
}

TEST(Reader, GivesTensorsInTheOrderOfTheirData) {
  for (const std::uint32_t version : {2u, 3u}) {
    FileMaker file = small();
    file.version = version;
    file.describe("b", {4, 3}, kF32, 64).describe("a", {32}, kQ8_0, 0).data(std::string(136, 'x'));
    file.describe("c", {2}, kF32, 128);
    const Header header = read(file.bytes());
    ASSERT_EQ(header.tensors.size(), 3u);
    EXPECT_EQ(header.tensors[0].name, "a");
    EXPECT_EQ(header.tensors[0].bytes, 34u);
    EXPECT_EQ(header.tensors[1].shape, (std::vector<std::uint64_t>{3, 4})) << "rows first";
    EXPECT_EQ(header.tensors[1].begin % 32, 0u);
  }
}

TEST(Reader, EveryCutIsNamed) {
  FileMaker file = small();
  file.texts("tokens", {"one", "two"}).tensor("w", {32}, Type::kQ8_0, std::string(34, 'x'));
  const std::string whole = file.bytes();
  EXPECT_NO_THROW(read(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(read(whole.substr(0, size)), Error) << size;
}

TEST(Reader, WhatIsNoGgufIsRefused) {
  refused("GGML" + raw<std::uint32_t>(3) + std::string(32, '\0'), "no GGUF file", "path");
  refused("", "no GGUF file", "path");
  FileMaker file = small();
  file.version = 1;
  refused(file.bytes(), "version 1", "version");
  file.version = 3u << 24;
  refused(file.bytes(), "big-endian", "version");
}

TEST(Reader, CountsAndLengthsAreBoundedBeforeAnythingIsAllocated) {
  FileMaker many = small();
  many.tensor_count = 1ull << 60;
  refused(many.bytes(), "tensors, over the limit of 65536");
  many = small();
  many.key_count = 1ull << 60;
  refused(many.bytes(), "keys, over the limit of 65536");
  many.key_count = 60000;
  refused(many.bytes(), "a key of the metadata is no text");
  const std::string huge = raw(1ull << 60);
  refused(small().key("k", 8, huge).bytes(), "the value of k claims 1152921504606846976 bytes");
  refused(small().key("k", 8, raw<std::uint64_t>(1 << 20)).bytes(), "ends in the value of k");
  refused(small().key("k", 9, raw<std::uint32_t>(8) + huge).bytes(), "elements, over the limit",
          "k");
  refused(small().key("k", 9, raw<std::uint32_t>(10) + raw<std::uint64_t>(4 << 20)).bytes(),
          "ends in the value of k");
  refused(small().key(std::string(2000, 'k'), 4, raw(1u)).bytes(),
          "a key of the metadata claims 2000 bytes");
  std::string nested;
  for (int i = 0; i < 9; ++i) nested += raw<std::uint32_t>(9) + raw<std::uint64_t>(1);
  refused(small().key("k", 9, nested).bytes(), "nested more than 4 deep", "k");
}

TEST(Reader, WrongKeysAreNamed) {
  refused(small().key("k", 99, "").bytes(), "the unknown type 99", "k");
  refused(small().key("k", 9, raw<std::uint32_t>(99) + raw<std::uint64_t>(0)).bytes(),
          "array of the unknown type 99", "k");
  refused(small().key("k", 7, "\2").bytes(), "neither true nor false", "k");
  refused(small().u32("k", 1).u32("k", 2).bytes(), "has k twice", "k");
  refused(small().u32("k\33[2J", 1).bytes(), "is no text");
  refused(small().u32("general.alignment", 24).bytes(), "no power of two", "general.alignment");
  refused(small().u32("general.alignment", 0).bytes(), "is 0; from 1", "general.alignment");
  refused(small().text("general.alignment", "32").bytes(), "not a whole number",
          "general.alignment");
}

TEST(Reader, WrongTensorsAreNamed) {
  const auto with = [](const std::vector<std::uint64_t>& shape, std::uint32_t type,
                       std::uint64_t offset) {
    return small().describe("w", shape, type, offset).data(std::string(128, 'x')).bytes();
  };
  EXPECT_NO_THROW(read(with({32}, kF32, 0)));
  refused(with({}, kF32, 0), "claims 0 dimensions", "w");
  refused(with({1, 1, 1, 1, 1}, kF32, 0), "claims 5 dimensions", "w");
  refused(with({0}, kF32, 0), "a dimension of 0", "w");
  refused(with({1ull << 40}, kF32, 0), "a dimension of 1099511627776", "w");
  refused(with({1u << 31, 1u << 31, 1u << 31, 1u << 31}, kF32, 0), "larger than the file", "w");
  refused(with({33}, kF32, 0), "lies outside the file", "w");
  refused(with({32}, kF32, 32), "lies outside the file", "w");
  refused(with({32}, kF32, ~0ull - 31), "lies outside the file", "w");
  refused(with({4}, kF32, 4), "no multiple of 32", "w");
  refused(with({31}, kQ8_0, 0), "rows of 31 weights, no multiple of the 32 of a block of Q8_0",
          "w");
  refused(with({32}, 16, 0), "the type IQ2_XXS, which is not read; these are: F32", "w");
  refused(with({32}, 4711, 0), "the type number 4711", "w");
  FileMaker twice = small();
  twice.describe("v", {16}, kF32, 0).describe("w", {8}, kF32, 32).data(std::string(128, 'x'));
  refused(twice.bytes(), "tensors v and w overlap", "w");
  twice = small();
  twice.describe("w", {8}, kF32, 0).describe("w", {8}, kF32, 32).data(std::string(128, 'x'));
  refused(twice.bytes(), "has tensor w twice", "w");
}

}  // namespace
}  // namespace sanctum::gguf
