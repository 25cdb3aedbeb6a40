#include "answers/kept_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <future>

#include "base/file.h"
#include "base/test_directory.h"

namespace sanctum::answers {
namespace {

using gateway::KeptAnswer;
using testing::HasSubstr;
constexpr std::chrono::seconds kLimit{20};

class KeptAnswersTest : public testing::Test {
 protected:
  KeptAnswersTest() { open({}); }

  void open(KeptLimits limits) {
    kept_.reset();
    kept_ = std::make_unique<KeptAnswers>(directory_.path(), limits);
  }

  static KeptAnswer answer(const std::string& id, const std::string& previous = {}) {
    return {id,
            "key mine",
            previous,
            "[{\"in\":\"" + id + "\"}]",
            "[{\"out\":\"" + id + "\"}]",
            "{\"id\":\"" + id + "\"}",
            std::time(nullptr)};
  }

  template <class T>
  static T waited(std::future<T> future) {
    EXPECT_EQ(future.wait_for(kLimit), std::future_status::ready) << "no callback came";
    return future.get();
  }

  bool keep(const KeptAnswer& answer) {
    auto said = std::make_shared<std::promise<bool>>();
    kept_->keep(answer, [said](bool kept) { said->set_value(kept); });
    return waited(said->get_future());
  }
  std::optional<KeptAnswer> find(const std::string& id, const std::string& owner = "key mine") {
    auto said = std::make_shared<std::promise<std::optional<KeptAnswer>>>();
    kept_->find(id, owner, [said](const auto&, auto found) { said->set_value(std::move(found)); });
    return waited(said->get_future());
  }
  // The items, or why not.
  std::string conversation(const std::string& id, const std::string& owner = "key mine") {
    auto said = std::make_shared<std::promise<std::string>>();
    kept_->conversation(id, owner, [said](const auto& failure, const std::string& items) {
      said->set_value(failure ? failure->message : items);
    });
    return waited(said->get_future());
  }
  bool remove(const std::string& id, const std::string& owner = "key mine") {
    auto said = std::make_shared<std::promise<bool>>();
    kept_->remove(id, owner, [said](const auto&, bool there) { said->set_value(there); });
    return waited(said->get_future());
  }

  const TestDirectory directory_;
  std::unique_ptr<KeptAnswers> kept_;
};

TEST_F(KeptAnswersTest, AnAnswerOutlivesWhoKeptIt) {
  ASSERT_TRUE(keep(answer("a")));
  open({});
  const auto found = find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->object, R"({"id":"a"})");
  EXPECT_EQ(found->input, R"([{"in":"a"}])");
}

TEST_F(KeptAnswersTest, AnotherKeysAnswerIsNotThere) {
  ASSERT_TRUE(keep(answer("a")));
  EXPECT_FALSE(find("a", "key other"));
  EXPECT_THAT(conversation("a", ""), HasSubstr("'a' is not kept here"));
  EXPECT_FALSE(remove("a", "key other"));
  EXPECT_TRUE(find("a"));
}

TEST_F(KeptAnswersTest, AConversationIsTheItemsOfAllThatItContinues) {
  ASSERT_TRUE(keep(answer("a")));
  ASSERT_TRUE(keep(answer("b", "a")));
  KeptAnswer silent = answer("c", "b");
  silent.output = "[]";
  ASSERT_TRUE(keep(silent));
  EXPECT_EQ(conversation("c"), R"([{"in":"a"},{"out":"a"},{"in":"b"},{"out":"b"},{"in":"c"}])");
}

TEST_F(KeptAnswersTest, AConversationWithoutItsBeginningSaysWhatIsMissing) {
  ASSERT_TRUE(keep(answer("a")));
  ASSERT_TRUE(keep(answer("b", "a")));
  EXPECT_TRUE(remove("a"));
  EXPECT_THAT(conversation("b"), HasSubstr("'a' is not kept here any more"));
  EXPECT_FALSE(find("a"));
}

// One that names itself must not be walked for ever.
TEST_F(KeptAnswersTest, ACircleEnds) {
  ASSERT_TRUE(keep(answer("a", "b")));
  ASSERT_TRUE(keep(answer("b", "a")));
  EXPECT_THAT(conversation("b"), HasSubstr("not kept here"));
}

TEST_F(KeptAnswersTest, TheOldestMakeRoom) {
  const std::uint64_t one =
      answer("a").input.size() + answer("a").output.size() + answer("a").object.size();
  open({.bytes_max = 2 * one});
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(keep(answer(id)));
  EXPECT_FALSE(find("a"));
  EXPECT_TRUE(find("b"));
  EXPECT_TRUE(find("c"));
}

TEST_F(KeptAnswersTest, WhatIsTooOldGoes) {
  open({.days_max = 2});
  KeptAnswer old = answer("old");
  old.created_unix_s -= 3 * 86400;
  ASSERT_TRUE(keep(old));
  ASSERT_TRUE(keep(answer("new")));
  EXPECT_FALSE(find("old"));
  EXPECT_TRUE(find("new"));
}

TEST_F(KeptAnswersTest, WhatIsTooLargeIsNotKept) {
  KeptAnswer large = answer("a");
  large.input = "[\"" + std::string(gateway::kAnswerBytesMax, 'x') + "\"]";
  EXPECT_FALSE(keep(large));
}

TEST_F(KeptAnswersTest, ADamagedFileIsMovedAside) {
  ASSERT_TRUE(keep(answer("a")));
  kept_.reset();
  write_file_atomically(directory_.path("responses.db"), std::string(8192, 'x'));
  open({});
  EXPECT_TRUE(keep(answer("b")));
  EXPECT_FALSE(find("a"));
  EXPECT_TRUE(find("b"));
}

TEST_F(KeptAnswersTest, ADiskThatRefusesIsSaidAndTriedAgain) {
  kept_.reset();
  KeptAnswers::forget(directory_.path());
  std::filesystem::create_directory(directory_.path("responses.db"));
  open({});
  EXPECT_FALSE(keep(answer("a")));
  EXPECT_THAT(conversation("a"), HasSubstr("what is kept cannot be reached"));
  std::filesystem::remove(directory_.path("responses.db"));
  EXPECT_TRUE(keep(answer("a")));
  EXPECT_TRUE(find("a"));
}

}  // namespace
}  // namespace sanctum::answers
