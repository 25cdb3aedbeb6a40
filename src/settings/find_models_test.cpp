#include "settings/find_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/error.h"

namespace sanctum::settings {
namespace {

using testing::HasSubstr;

supervisor::FoundModel by_last_letter(const std::string& name) {
  return {{name.substr(name.size() - 1), "/models/" + name}};
}

std::string error_of(const std::vector<std::string>& names, const FindModel& find,
                     std::chrono::milliseconds limit = kFindModelsMax) {
  try {
    find_models(names, find, limit);
  } catch (const Error& error) {
    return std::string(error.what()) + " (" + std::string(to_string(error.code())) + ")";
  }
  return "";
}

TEST(FindModels, KeepsTheirOrder) {
  const auto found = find_models({"b", "a"}, by_last_letter);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].path, "/models/b");
  EXPECT_EQ(found[1].model, "a");
}

TEST(FindModels, TwoOfOneNameAreRefusedWithBothPaths) {
  EXPECT_THAT(error_of({"xa", "b", "ya"}, by_last_letter),
              AllOf(HasSubstr("'a'"), HasSubstr("/models/xa"), HasSubstr("OTHER=/models/ya")));
}

TEST(FindModels, WhatCannotBeFoundIsPassedOn) {
  EXPECT_THAT(error_of({"a"},
                       [](const std::string&) -> supervisor::FoundModel {
                         throw Error(ErrorCode::kNotFound, "nowhere");
                       }),
              HasSubstr("nowhere"));
}

// `serve` stood there without a word for as long as the mount was dead.
TEST(FindModels, AMountThatDoesNotAnswerIsNamed) {
  std::promise<void> let_go;
  std::promise<void> over;
  const auto stuck = [gate = let_go.get_future().share(), &over](const std::string& name) {
    if (name == "b") {
      gate.wait();
      over.set_value();
    }
    return by_last_letter(name);
  };
  EXPECT_THAT(error_of({"b", "c"}, stuck, std::chrono::milliseconds(200)),
              AllOf(HasSubstr("'b'"), HasSubstr("does not answer"), HasSubstr("deadline")));
  let_go.set_value();
  over.get_future().wait();
}

}  // namespace
}  // namespace sanctum::settings
