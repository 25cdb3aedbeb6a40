#include "client/wait_note.h"

#include <gtest/gtest.h>

#include <future>
#include <sstream>

namespace sanctum::client {
namespace {

using std::chrono::milliseconds;

TEST(WaitNote, EachReasonIsSaidOnce) {
  std::ostringstream notes;
  std::promise<void> asked;
  int calls = 0;
  const auto reason = [&]() -> std::string {
    ++calls;
    if (calls == 5) asked.set_value();
    return calls < 3 ? "it loads" : calls < 4 ? "" : "it\nthinks";
  };
  WaitNote note(reason, notes, milliseconds(1));
  asked.get_future().wait();
  note.over();
  note.over();
  EXPECT_EQ(notes.str(), "(waiting: it loads)\n(waiting: it thinks)\n");
}

TEST(WaitNote, WhatStandsBeforeAReasonMayBeNothing) {
  std::ostringstream notes;
  std::promise<void> asked;
  int calls = 0;
  const auto reason = [&]() -> std::string {
    if (++calls == 2) asked.set_value();
    return "importing: 1 MB";
  };
  WaitNote note(reason, notes, milliseconds(1), {});
  asked.get_future().wait();
  note.over();
  EXPECT_EQ(notes.str(), "(importing: 1 MB)\n");
}

TEST(WaitNote, NothingIsSaidOfAMoment) {
  std::ostringstream notes;
  {
    WaitNote note([] { return std::string("never asked"); }, notes, std::chrono::hours(1));
  }
  EXPECT_EQ(notes.str(), "");
}

}  // namespace
}  // namespace sanctum::client
