#include "engine/bounded_reads.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>

namespace sanctum::engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// A disk that answers when it is told to.
struct Disk {
  std::shared_ptr<std::promise<void>> answers = std::make_shared<std::promise<void>>();
  std::shared_future<void> answer = answers->get_future().share();
};

TEST(BoundedReads, WhatAReadGaveIsRunOnce) {
  BoundedReads reads(hours(1));
  std::promise<int> found;
  reads.run([&] { return [&] { found.set_value(7); }; }, [](const Error&) { FAIL(); });
  EXPECT_EQ(found.get_future().get(), 7);
}

// A tokenizer on a mount that is gone left a model at "loading" for ever.
TEST(BoundedReads, AReadThatDoesNotEndIsGivenUpAndNobodyWaitsForItsEnd) {
  const Disk dead;
  std::promise<void> ended;
  bool was_run = false;
  {
    BoundedReads reads(milliseconds(20));
    std::promise<Error> told;
    reads.run(
        [&, answer = dead.answer]() -> BoundedReads::Then {
          answer.wait();
          ended.set_value();
          return [&] { was_run = true; };
        },
        [&](const Error& error) { told.set_value(error); });
    EXPECT_EQ(told.get_future().get().code(), ErrorCode::kDeadline);
  }
  dead.answers->set_value();
  ended.get_future().wait();
  EXPECT_FALSE(was_run);
}

TEST(BoundedReads, AReadDoesNotWaitForOneThatIsStuck) {
  const Disk dead;
  BoundedReads reads(hours(1));
  reads.run(
      [answer = dead.answer]() -> BoundedReads::Then {
        answer.wait();
        return [] {};
      },
      [](const Error&) { FAIL(); });
  std::promise<void> second;
  reads.run([&] { return [&] { second.set_value(); }; }, [](const Error&) { FAIL(); });
  second.get_future().wait();
  reads.stop();
  dead.answers->set_value();
}

TEST(BoundedReads, ThereIsALimitToTheThreadsThatAreLeftBehind) {
  const Disk dead;
  BoundedReads reads(hours(1));
  std::optional<ErrorCode> told;
  const auto stuck = [answer = dead.answer]() -> BoundedReads::Then {
    answer.wait();
    return [] {};
  };
  for (int i = 0; i < kReadsMax; ++i) reads.run(stuck, [](const Error&) { FAIL(); });
  reads.run(stuck, [&](const Error& error) { told = error.code(); });
  EXPECT_EQ(told, ErrorCode::kBusy);
  reads.stop();
  dead.answers->set_value();
}

}  // namespace
}  // namespace sanctum::engine
