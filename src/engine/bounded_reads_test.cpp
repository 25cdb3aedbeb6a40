#include "engine/bounded_reads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace sanctum::engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::HasSubstr;

void never(const Error& error) {
  ADD_FAILURE() << error.what();
}

// A disk that answers when it is told to, and what becomes of a read from it.
struct DeadDisk {
  std::promise<void> answers;
  std::shared_future<void> answer = answers.get_future().share();
  std::shared_ptr<std::atomic<bool>> was_run = std::make_shared<std::atomic<bool>>(false);
  std::weak_ptr<int> given;  // gone once nobody can run it any more
  std::promise<void> begun;

  std::function<BoundedReads::Then()> read() {
    auto token = std::make_shared<int>();
    given = token;
    return [this, token, answer = answer, was_run = was_run]() -> BoundedReads::Then {
      begun.set_value();
      answer.wait();
      return [token, was_run] { *was_run = true; };
    };
  }
  void come_back() {
    answers.set_value();
    while (!given.expired()) std::this_thread::yield();
  }
};

// Runs a read that ends, and waits for what it gave.
void read_well(BoundedReads& reads, const std::string& what) {
  std::promise<void> run;
  reads.run(what, [&] { return [&] { run.set_value(); }; }, never);
  run.get_future().wait();
}

Error refusal(BoundedReads& reads, const std::string& what,
              std::function<BoundedReads::Then()> read) {
  std::promise<Error> told;
  reads.run(what, std::move(read), [&](const Error& error) { told.set_value(error); });
  return told.get_future().get();
}

// Whether a read is begun; on a busy machine it may then be late.
bool begins(BoundedReads& reads, const std::string& what) {
  auto begun = std::make_shared<std::promise<bool>>();
  auto future = begun->get_future();
  reads.run(
      what,
      [begun]() -> BoundedReads::Then {
        begun->set_value(true);
        return [] {};
      },
      [begun](const Error& error) {
        if (error.code() != ErrorCode::kDeadline) begun->set_value(false);
      });
  return future.get();
}

TEST(BoundedReads, ManyComeToTheirEnd) {
  BoundedReads reads(hours(1));
  for (int i = 0; i < 200; ++i) read_well(reads, "m");
}

// A tokenizer on a mount that is gone left a model at "loading" for ever.
TEST(BoundedReads, AReadThatDoesNotEndIsGivenUpAndItsEndIsNobodys) {
  DeadDisk dead;
  BoundedReads reads(milliseconds(20));
  const Error error = refusal(reads, "m", dead.read());
  EXPECT_EQ(error.code(), ErrorCode::kDeadline);
  EXPECT_THAT(error.what(), HasSubstr("reading m did not end"));
  dead.come_back();
  EXPECT_FALSE(*dead.was_run);
}

TEST(BoundedReads, NothingElseIsReadUnderTheNameOfOneThatIsLeftBehind) {
  DeadDisk dead;
  BoundedReads reads(milliseconds(20));
  refusal(reads, "m", dead.read());
  EXPECT_EQ(refusal(reads, "m", nullptr).code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(begins(reads, "n"));
  dead.come_back();
  EXPECT_TRUE(begins(reads, "m"));
}

TEST(BoundedReads, OnesThatAreStuckGiveTheirPlacesUp) {
  std::vector<DeadDisk> dead(kReadsTogether);
  BoundedReads reads(milliseconds(20));
  std::atomic<int> told{0};
  for (std::size_t i = 0; i < dead.size(); ++i)
    reads.run("m" + std::to_string(i), dead[i].read(), [&](const Error&) { ++told; });
  EXPECT_TRUE(begins(reads, "n"));
  EXPECT_GE(told, 1);
  reads.stop();
  for (DeadDisk& disk : dead) disk.come_back();
}

TEST(BoundedReads, AStopWaitsForNoReadAndDropsThem) {
  DeadDisk dead;
  {
    BoundedReads reads(hours(1));
    reads.run("m", dead.read(), never);
    dead.begun.get_future().wait();
    reads.stop();
    reads.run("n", []() -> BoundedReads::Then { return [] { ADD_FAILURE(); }; }, never);
  }
  dead.come_back();
  EXPECT_FALSE(*dead.was_run);
}

TEST(BoundedReads, ThereIsALimitToTheThreadsThatAreLeftBehind) {
  std::vector<DeadDisk> dead(kReadsLeftBehindMax);
  BoundedReads reads(milliseconds(1));
  std::atomic<std::size_t> told{0};
  std::promise<void> all;
  for (std::size_t i = 0; i < dead.size(); ++i) {
    reads.run("m" + std::to_string(i), dead[i].read(), [&](const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kDeadline);
      if (++told == dead.size()) all.set_value();
    });
  }
  all.get_future().wait();
  EXPECT_EQ(refusal(reads, "n", nullptr).code(), ErrorCode::kBusy);
  dead[7].come_back();
  EXPECT_TRUE(begins(reads, "n"));
  reads.stop();
  for (std::size_t i = 0; i < dead.size(); ++i)
    if (i != 7) dead[i].come_back();
}

}  // namespace
}  // namespace sanctum::engine
