#include "supervisor/journal.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/test_directory.h"
#include "supervisor/journal_reader.h"

namespace sanctum::supervisor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
constexpr std::chrono::seconds kLimit{20};

class JournalTest : public testing::Test {
 protected:
  std::unique_ptr<Journal> journal() {
    return std::make_unique<Journal>(directory_.path(""), [this](const JournalTrouble& trouble) {
      const std::lock_guard lock(mutex_);
      troubles_.emplace_back(trouble.over ? "over" : "begins");
      changed_.notify_all();
    });
  }
  std::vector<std::string> troubles(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLimit, [&] { return troubles_.size() >= count; });
    return troubles_;
  }
  std::string asked(const std::string& query) const {
    SQLite::Database reader(directory_.path("journal.db"), SQLite::OPEN_READONLY, 1000);
    return reader.execAndGet(query).getString();
  }
  const TestDirectory directory_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> troubles_;
};

TEST_F(JournalTest, WhatHappenedCanBeRead) {
  const auto book = journal();
  book->record(Happening{"worker", "engine", "wedged", "it made no progress"});
  book->record(RequestBegun{"r1", "chat", "m", true});
  RequestEnded end;
  end.id = "r1";
  end.status = 200;
  end.completed.usage.completion_tokens = 7;
  end.completed.timings.decode_us = 1234;
  book->record(end);
  ASSERT_TRUE(book->flush(kLimit));
  EXPECT_EQ(asked("SELECT what || ': ' || cause FROM happenings"), "wedged: it made no progress");
  EXPECT_EQ(
      asked("SELECT api || status || ' ' || completion_tokens || ' ' || decode_us FROM requests"),
      "chat200 7 1234");
}

TEST_F(JournalTest, AJournalOfBeforeThereWereKeysAndCertificatesTakesThem) {
  {
    SQLite::Database old(directory_.path("journal.db"),
                         SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    make_tables(old);
    old.exec("ALTER TABLE requests DROP COLUMN key");
    old.exec("ALTER TABLE requests DROP COLUMN certificate");
    old.exec("ALTER TABLE requests DROP COLUMN ignored");
    old.exec(
        "INSERT INTO requests(id, begun_us, api, model, stream) VALUES('old', 1, 'chat', 'm', 0)");
  }
  const auto book = journal();
  book->record(RequestBegun{"new", "chat", "m", false, "mine", "CN=phone"});
  ASSERT_TRUE(book->flush(kLimit));
  EXPECT_EQ(asked("SELECT group_concat(id || '=' || key || '/' || certificate, ' ') FROM (SELECT * "
                  "FROM requests ORDER BY number)"),
            "old=/ new=mine/CN=phone");
}

TEST_F(JournalTest, OfEachKeyOneIncidentIsOpen) {
  const auto book = journal();
  book->record(IncidentOpened{"worker.parked", "error", "no such program"});
  book->record(IncidentOpened{"worker.parked", "page", "still none"});
  book->record(IncidentOpened{"journal", "error", "the disk is full"});
  book->record(IncidentClosed{"worker.parked", "it is ready"});
  book->record(IncidentOpened{"worker.parked", "error", "again"});
  ASSERT_TRUE(book->flush(kLimit));
  EXPECT_EQ(
      asked("SELECT group_concat(key || ' ' || level || ' ' || what || ' ' || times || ' ' || "
            "coalesce(how, 'open'), '; ') FROM (SELECT * FROM incidents ORDER BY number)"),
      "worker.parked page still none 2 it is ready; journal error the disk is full 1 open; "
      "worker.parked error again 1 open");
  const auto read = read_incidents(directory_.path(), 10);
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].what, "again") << "what is open comes first, the newest before all";
  EXPECT_EQ(read[1].key, "journal");
  EXPECT_EQ(read[2].how, "it is ready");
  EXPECT_TRUE(read[2].closed_us);
  EXPECT_EQ(read_incidents(directory_.path(), 1).size(), 1u);
  EXPECT_TRUE(read_incidents(directory_.path("none"), 10).empty());
}

TEST_F(JournalTest, WhatWasLeftOpenIsOverForWhoStartsAnew) {
  const auto book = journal();
  book->record(IncidentOpened{"worker.parked", "error", "x"});
  book->record(IncidentOpened{"probe.alive", "error", "x"});
  book->record(StartedAnew{false});
  ASSERT_TRUE(book->flush(kLimit));
  EXPECT_EQ(asked("SELECT group_concat(key) FROM incidents WHERE closed_us IS NULL"),
            "probe.alive");
  book->record(StartedAnew{true});
  ASSERT_TRUE(book->flush(kLimit));
  EXPECT_EQ(asked("SELECT count(*) FROM incidents WHERE closed_us IS NULL"), "0");
}

// kill -9 of the server: what was accepted and not answered is known afterwards.
TEST_F(JournalTest, WhatAKilledProcessLeftUnansweredIsListed) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto book = journal();
    book->record(RequestBegun{"answered", "chat", "m", false});
    book->record(RequestBegun{"left", "completions", "m", true});
    RequestEnded end;
    end.id = "answered";
    book->record(end);
    book->flush(kLimit);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  {
    const auto book = journal();
    const auto left = book->take_unanswered();
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].id, "left");
    EXPECT_EQ(left[0].api, "completions");
  }
  EXPECT_TRUE(journal()->take_unanswered().empty()) << "told once";
}

TEST_F(JournalTest, ADamagedFileIsMovedAsideAndANewOneBegun) {
  directory_.write("journal.db", "this is no database, and long enough to look like a damaged one");
  const auto book = journal();
  EXPECT_THAT(book->moved_aside(), HasSubstr("journal.db.damaged-"));
  EXPECT_THAT(read_file(book->moved_aside()), HasSubstr("no database"));
  book->record(Happening{"worker", "engine", "ready", ""});
  EXPECT_TRUE(book->flush(kLimit));
}

// The gateway and the probes start together; the second moved the first's fresh file.
TEST_F(JournalTest, TwoThatFindTheSameDamageMoveItAsideOnce) {
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    const TestDirectory state;
    state.write("journal.db", "this is no database, and long enough to look like a damaged one");
    const auto one = [&](const char* subject) {
      Journal book(state.path(""), {});
      book.record(Happening{"worker", subject, "ready", ""});
      EXPECT_TRUE(book.flush(kLimit));
    };
    std::thread first(one, "gateway"), second(one, "probes");
    first.join();
    second.join();
    int moved = 0;
    for (const auto& entry : std::filesystem::directory_iterator(state.path()))
      moved += entry.path().filename().string().starts_with("journal.db.damaged-") ? 1 : 0;
    ASSERT_EQ(moved, 1) << round;
    SQLite::Database reader(state.path("journal.db"), SQLite::OPEN_READONLY, 1000);
    ASSERT_EQ(reader.execAndGet("SELECT count(*) FROM happenings").getInt(), 2) << round;
  }
}

TEST_F(JournalTest, OneWhoseFileWasMovedByAnotherGoesOnInTheNewOne) {
  const auto book = journal();
  book->record(Happening{"worker", "engine", "ready", ""});
  ASSERT_TRUE(book->flush(kLimit));
  std::filesystem::rename(directory_.path("journal.db"), directory_.path("journal.db.damaged-1"));
  const auto another = journal();
  book->record(Happening{"worker", "engine", "dead", ""});
  ASSERT_TRUE(book->flush(kLimit));
  EXPECT_EQ(asked("SELECT group_concat(what) FROM happenings"), "dead");
}

// A disk that is full, as far as this process can tell.
TEST_F(JournalTest, WhatTheDiskRefusesIsWrittenWhenItCan) {
  std::signal(SIGXFSZ, SIG_IGN);
  const auto book = journal();
  ASSERT_TRUE(book->flush(kLimit));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit full = before;
  full.rlim_cur = 1;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  book->record(Happening{"worker", "engine", "ready", ""});
  const auto begun = troubles(1);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_THAT(begun, ElementsAre("begins"));
  EXPECT_TRUE(book->flush(kLimit));
  EXPECT_THAT(troubles(2), ElementsAre("begins", "over"));
  EXPECT_EQ(asked("SELECT count(*) FROM happenings"), "1");
}

}  // namespace
}  // namespace sanctum::supervisor
