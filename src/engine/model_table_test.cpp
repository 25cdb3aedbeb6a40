#include "engine/model_table.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/test_model.h"

namespace sanctum::engine {
namespace {

ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kInternal;
}

TEST(ModelTable, TwoLoadsOfOneModelAreOneLoad) {
  ModelTable table;
  EXPECT_EQ(table.begin_load("m", "/a"), ModelTable::Load::kStart);
  EXPECT_EQ(table.begin_load("m", "/a"), ModelTable::Load::kJoined);
  EXPECT_EQ(code_of([&] { table.begin_load("m", "/b"); }), ErrorCode::kInvalid);
}

// The alphabetically first was everybody's default.
TEST(ModelTable, TheFirstNamedIsTheFirst) {
  ModelTable table;
  for (const char* name : {"z", "a", "m"}) table.begin_load(name, std::string("/") + name);
  table.set_failed("z", {ErrorCode::kCorrupt, "broken", "path"});
  table.begin_load("z", "/z");
  const auto all = table.all();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].model, "z") << "also when it is loaded again";
  EXPECT_EQ(all[1].model, "a");
}

TEST(ModelTable, AModelThatIsLoadingGrantsNoLease) {
  ModelTable table;
  std::shared_ptr<const TextModel> text;
  EXPECT_EQ(code_of([&] { table.acquire("m", text); }), ErrorCode::kNotFound);
  table.begin_load("m", "/a");
  EXPECT_EQ(table.acquire("m", text), ModelTable::Lease::kLoading);
  EXPECT_EQ(code_of([&] { table.begin_unload("m"); }), ErrorCode::kUnavailable);
}

TEST(ModelTable, AFailedLoadSaysWhyAndCanBeTriedAgain) {
  ModelTable table;
  std::shared_ptr<const TextModel> text;
  table.begin_load("m", "/a");
  table.set_failed("m", {ErrorCode::kCorrupt, "tensor x is missing", "path"});
  try {
    table.acquire("m", text);
    FAIL() << "granted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
    EXPECT_NE(std::string(error.what()).find("tensor x is missing"), std::string::npos);
  }
  EXPECT_TRUE(table.failed_for_good("m"));
  EXPECT_EQ(table.begin_load("m", "/b"), ModelTable::Load::kStart);
  EXPECT_FALSE(table.info("m").failure);
  EXPECT_FALSE(table.failed_for_good("m"));
  for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kNotFound, ErrorCode::kDenied}) {
    table.set_failed("m", {code, "may be otherwise later", "path"});
    EXPECT_FALSE(table.failed_for_good("m"));
  }
}

TEST(ModelTable, AModelThatFailedKeepsNoTokenizer) {
  ModelTable table;
  auto text = std::make_shared<const TextModel>(text_description(text::fixture("byte_level")));
  const std::weak_ptr<const TextModel> kept = text;
  table.begin_load("m", "/a");
  table.set_text("m", std::move(text));
  EXPECT_FALSE(kept.expired());
  table.set_failed("m", {ErrorCode::kCorrupt, "tensor x is missing", "path"});
  EXPECT_TRUE(kept.expired());
}

}  // namespace
}  // namespace sanctum::engine
