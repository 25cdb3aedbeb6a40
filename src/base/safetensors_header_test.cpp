#include "base/safetensors_header.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/test_directory.h"

namespace sanctum {
namespace {

class SafetensorsHeader : public ::testing::Test {
 protected:
  std::vector<TensorEntry> read(const std::string& header, std::size_t data_bytes) {
    std::string file(8, '\0');
    for (int i = 0; i < 8; ++i)
      file[static_cast<std::size_t>(i)] = static_cast<char>((header.size() >> (8 * i)) & 0xff);
    file += header + std::string(data_bytes, 'x');
    return read_raw(file);
  }
  std::vector<TensorEntry> read_raw(const std::string& bytes) {
    write_file_atomically(path_, bytes);
    return read_safetensors_header(ReadOnlyFile(path_));
  }
  void refused(const std::string& header, std::size_t data_bytes, const std::string& word) {
    try {
      read(header, data_bytes);
      ADD_FAILURE() << "accepted: " << header;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(path_), std::string::npos) << error.what();
    }
  }
  const TestDirectory directory_;
  const std::string path_ = directory_.path("header.safetensors");
};

TEST_F(SafetensorsHeader, GivesTensorsInFileOrder) {
  const auto entries = read(
      R"({"__metadata__":{"format":"mlx"},"b":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})",
      12);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].shape, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(entries[1].end - entries[1].begin, 4u);
}

TEST_F(SafetensorsHeader, ATensorWithoutNumbersOverlapsNone) {
  const auto entries = read(
      R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
      8);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, "a");
}

TEST_F(SafetensorsHeader, DamageIsNamed) {
  refused(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", 15,
          "tensor w lies outside");
  refused(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}})", 16,
          "tensor w has 12 bytes");
  refused(R"({"w":{"dtype":"F32","shape":[1000000,1000000,1000000],"data_offsets":[0,16]}})", 16,
          "larger than the file");
  refused(R"({"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,16]}})", 16, "shape");
  refused(R"({"w":{"dtype":"F7","shape":[4],"data_offsets":[0,16]}})", 16, "F7");
  refused(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}})", 16, "outside");
  refused(
      R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
      8, "overlap");
  refused("{\"w\":", 0, "JSON");
}

// They were served, though the format's own reader takes none of them.
TEST_F(SafetensorsHeader, BytesThatAreNoTensorsAreDamage) {
  const auto tensor = [](const char* name, int begin) {
    return "\"" + std::string(name) + R"(":{"dtype":"U8","shape":[4],"data_offsets":[)" +
           std::to_string(begin) + "," + std::to_string(begin + 4) + "]}";
  };
  EXPECT_EQ(read("{" + tensor("a", 0) + "," + tensor("b", 4) + "}", 8).size(), 2u);
  refused("{" + tensor("a", 0) + "}", 7, "3 bytes lie behind its last tensor");
  refused("{" + tensor("a", 0) + "," + tensor("b", 6) + "}", 10, "2 bytes before tensor b");
  refused("{" + tensor("a", 2) + "}", 6, "2 bytes before tensor a");
  EXPECT_EQ(read("{}", 0).size(), 0u);
  refused("{}", 1, "1 bytes lie behind");
}

TEST_F(SafetensorsHeader, AHeaderLargerThanTheFileIsDamage) {
  EXPECT_THROW(read_raw(std::string(8, '\x7f') + "{}"), Error);
  EXPECT_THROW(read_raw("abc"), Error);
}

}  // namespace
}  // namespace sanctum
