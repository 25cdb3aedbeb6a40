#include "hub/model_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "hub/test_cache.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kCommit(40, 'c');
constexpr const char* kIndexOfTwo =
    R"({"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}})";

class ModelCheck : public testing::Test {
 protected:
  ModelCheck() {
    cache_.add(kCommit, "config.json", "{}");
    cache_.add(kCommit, "tokenizer.json", "{ }");
    weights_ = cache_.add(kCommit, "model-1.safetensors", test_safetensors(100), HashKind::kSha256);
    cache_.refer("main", kCommit);
  }
  std::vector<std::string> found() {
    const auto checked = check_model(cache_.repository, "main", [](std::uint64_t) { return true; });
    std::vector<std::string> lines;
    lines.reserve(checked.findings.size());
    for (const auto& finding : checked.findings)
      lines.push_back(finding.file + ": " + finding.what);
    return lines;
  }
  TestCache cache_;
  std::string weights_;
};

TEST_F(ModelCheck, AWholeOneHasNoFindings) {
  const auto checked = check_model(cache_.repository, "main", [](std::uint64_t) { return true; });
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_EQ(checked.files, 3);
  EXPECT_EQ(checked.hashed, 3);
}

TEST_F(ModelCheck, AByteThatIsAnotherIsFound) {
  std::fstream file(cache_.blob(weights_), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end).put('x');
  file.close();
  EXPECT_THAT(found(), ElementsAre(HasSubstr("model-1.safetensors: damaged")));
}

TEST_F(ModelCheck, AnEndThatIsMissingIsFound) {
  fs::resize_file(cache_.blob(weights_), fs::file_size(cache_.blob(weights_)) - 1);
  EXPECT_THAT(found(), ElementsAre(HasSubstr("its header tells of")));
  fs::resize_file(cache_.blob(weights_), 4);
  EXPECT_THAT(found(), ElementsAre(HasSubstr("does not begin like")));
}

TEST_F(ModelCheck, ALengthThatNobodyCanCountIsNone) {
  const std::string header =
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551615]}})";
  std::string length(8, '\0');
  length[0] = static_cast<char>(header.size());
  cache_.add(kCommit, "model-2.safetensors", length + header + "1", HashKind::kSha256);
  EXPECT_THAT(found(), ElementsAre(HasSubstr("more bytes than can be counted")));
}

TEST_F(ModelCheck, WhatListsNameHasToBeThere) {
  cache_.add(kCommit, "model.safetensors.index.json", kIndexOfTwo);
  EXPECT_THAT(found(), ElementsAre(HasSubstr("model-2.safetensors: missing")));
}

TEST_F(ModelCheck, ALinkThatLeadsNowhereIsFound) {
  fs::remove(cache_.blob(weights_));
  EXPECT_THAT(found(), Contains(HasSubstr("what it links to is missing")));
}

TEST_F(ModelCheck, WhatWasNeverDownloadedIsNotFound) {
  const auto go_on = [](std::uint64_t) { return true; };
  EXPECT_THROW(check_model(cache_.repository, "v2", go_on), Error);
  EXPECT_THROW(check_model(cache_.root.path("models--org--other"), "main", go_on), Error);
}

TEST_F(ModelCheck, ItCanBeStopped) {
  EXPECT_THROW(check_model(cache_.repository, "main", [](std::uint64_t) { return false; }), Error);
}

}  // namespace
}  // namespace sanctum::hub
