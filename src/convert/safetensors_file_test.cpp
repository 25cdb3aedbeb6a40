#include "convert/safetensors_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::convert {
namespace {

using testing::HasSubstr;

std::string file_of(const std::string& header, std::size_t data) {
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>(header.size() >> (8 * i) & 255);
  return out + header + std::string(data, 'w');
}

class StoredWeightsTest : public testing::Test {
 protected:
  std::string refusal(const std::string& bytes) {
    root_.write("model.safetensors", bytes);
    try {
      StoredWeights weights(root_.path());
    } catch (const Error& error) {
      return error.what();
    }
    return "read";
  }
  const TestDirectory root_;
};

TEST_F(StoredWeightsTest, ReadsWhatIsThereInTheOrderOfNames) {
  root_.write("model.safetensors",
              file_of(R"({"b":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]},)"
                      R"("__metadata__":{"format":"mlx"},)"
                      R"("a":{"dtype":"F32","shape":[],"data_offsets":[8,12]}})",
                      12));
  const StoredWeights weights(root_.path());
  ASSERT_EQ(weights.tensors().size(), 2u);
  EXPECT_EQ(weights.tensors()[0].name, "a");
  EXPECT_EQ(weights.tensors()[0].numbers(), 1u);
  EXPECT_EQ(weights.tensors()[1].numbers(), 4u);
  EXPECT_EQ(weights.bytes(), 12u);
  std::byte first;
  weights.tensors()[1].file->read(weights.tensors()[1].begin, &first, 1);
  EXPECT_EQ(first, std::byte{'w'});
}

TEST_F(StoredWeightsTest, WhatIsDamagedNamesFileAndTensor) {
  EXPECT_THAT(refusal("short"), HasSubstr("only 5 bytes"));
  EXPECT_THAT(refusal(std::string(7, '\xff') + '\x7f'), HasSubstr("claims"));
  EXPECT_THAT(refusal(file_of("nonsense", 0)), HasSubstr("model.safetensors is damaged"));
  const auto with = [](const std::string& shape, const std::string& offsets) {
    return file_of(
        R"({"w":{"dtype":"F16","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}", 8);
  };
  EXPECT_THAT(refusal(with("[4]", "[0,9]")), HasSubstr("w lies outside"));
  EXPECT_THAT(refusal(with("[4]", "[8,0]")), HasSubstr("w lies outside"));
  EXPECT_THAT(refusal(with("[3]", "[0,8]")), HasSubstr("its shape needs 6"));
  EXPECT_THAT(refusal(with("[2147483647,2147483647,2147483647]", "[0,8]")), HasSubstr("larger"));
  EXPECT_THAT(refusal(with("[-1]", "[0,8]")), HasSubstr("shape"));
  EXPECT_EQ(refusal(with("[4]", "[0,8]")), "read");
}

TEST_F(StoredWeightsTest, AnIndexSaysWhichFilesThereAre) {
  const std::string one = file_of(R"({"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 2);
  root_.write("a.safetensors", one);
  root_.write("b.safetensors", one);
  EXPECT_THROW(StoredWeights(root_.path()), Error) << "w is stored twice";
  root_.write("model.safetensors.index.json", R"({"weight_map":{"w":"a.safetensors"}})");
  EXPECT_EQ(StoredWeights(root_.path()).tensors().size(), 1u);
  root_.write("model.safetensors.index.json", R"({"weight_map":{"w":"../a.safetensors"}})");
  EXPECT_THROW(StoredWeights(root_.path()), Error);
  root_.write("model.safetensors.index.json", R"({"weight_map":{"w":"absent.safetensors"}})");
  EXPECT_THROW(StoredWeights(root_.path()), Error);
}

}  // namespace
}  // namespace sanctum::convert
