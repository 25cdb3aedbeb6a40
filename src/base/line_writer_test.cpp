#include "base/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <sstream>
#include <string>
#include <utility>

namespace sanctum {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong{60'000};
constexpr std::size_t kBytesMax = 16 * 1024;

std::string dropped_line(std::uint64_t lines) {
  return "dropped " + std::to_string(lines) + "\n";
}

class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() { EXPECT_EQ(::pipe(ends_), 0); }
  ~LineWriterTest() override {
    for (const int end : ends_)
      if (end >= 0) ::close(end);
  }
  void close_end(int which) {
    ::close(ends_[which]);
    ends_[which] = -1;
  }
  void fill() {
    ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    const std::string line = std::string(99, '.') + "\n";
    while (::write(ends_[1], line.data(), line.size()) > 0) ++filled_;
    ::fcntl(ends_[1], F_SETFL, 0);
  }
  void empty() {
    char line[100];
    for (; filled_ > 0; --filled_)
      EXPECT_EQ(::read(ends_[0], line, sizeof line), static_cast<ssize_t>(sizeof line));
  }
  // What comes until `last` is a line of it.
  std::string read_until(const std::string& last) {
    std::string all;
    char bytes[4096];
    while (all.find(last + "\n") == std::string::npos) {
      const ssize_t count = ::read(ends_[0], bytes, sizeof bytes);
      if (count <= 0) break;
      all.append(bytes, static_cast<std::size_t>(count));
    }
    return all;
  }
  int ends_[2] = {-1, -1};
  int filled_ = 0;  // lines
};

TEST_F(LineWriterTest, WritesInOrder) {
  LineWriter writer(ends_[1], kBytesMax, dropped_line);
  writer.push("one\n");
  writer.push("two\n");
  EXPECT_TRUE(writer.flush(kLong));
  EXPECT_EQ(read_until("two"), "one\ntwo\n");
}

// A write of old blocked here for good, after what the pipe holds.
TEST_F(LineWriterTest, AReaderThatDoesNotReadHoldsNobodyUpAndLearnsWhatWasDropped) {
  fill();
  LineWriter writer(ends_[1], kBytesMax, dropped_line);
  constexpr int kLines = 20'000;
  for (int i = 0; i < kLines; ++i) writer.push(std::to_string(i) + " said\n");
  EXPECT_FALSE(writer.flush(milliseconds(1)));

  // Each is accounted for, in order, before anything more is said.
  std::string all;
  empty();
  std::uint64_t written = 0, dropped = 0;
  int next = 0;
  while (written + dropped < kLines) {
    char bytes[4096];
    const ssize_t count = ::read(ends_[0], bytes, sizeof bytes);
    ASSERT_GT(count, 0);
    all.append(bytes, static_cast<std::size_t>(count));
    for (auto end = all.find('\n'); end != std::string::npos; end = all.find('\n')) {
      const std::string line = all.substr(0, end);
      all.erase(0, end + 1);
      if (line.rfind("dropped ", 0) == 0) {
        dropped += std::stoull(line.substr(8));
        next += std::stoi(line.substr(8));
      } else {
        EXPECT_EQ(line, std::to_string(next++) + " said");
        ++written;
      }
    }
  }
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(written + dropped, static_cast<std::uint64_t>(kLines));
  EXPECT_TRUE(writer.flush(kLong));
  writer.push("and again\n");
  EXPECT_EQ(read_until("and again"), "and again\n") << "what was told is not told twice";
}

TEST_F(LineWriterTest, WhatCannotBeWrittenIsTriedAgainWithTheNextLine) {
  const int full = ::open("/dev/full", O_WRONLY);
  if (full < 0) GTEST_SKIP() << "this system has no /dev/full";
  const int saved = ::dup(ends_[1]);
  ASSERT_EQ(::dup2(full, ends_[1]), ends_[1]);
  LineWriter writer(ends_[1], kBytesMax, dropped_line);
  writer.push("lost\n");
  EXPECT_TRUE(writer.flush(kLong)) << "there is nothing to wait for";
  ASSERT_EQ(::dup2(saved, ends_[1]), ends_[1]);
  writer.push("kept\n");
  EXPECT_EQ(read_until("kept"), "dropped 1\nkept\n");
  ::close(full);
  ::close(saved);
}

TEST_F(LineWriterTest, OneWithoutAReaderEndsNobody) {
  close_end(0);
  LineWriter writer(ends_[1], kBytesMax, dropped_line);
  writer.push("to nobody\n");
  EXPECT_TRUE(writer.flush(kLong));
}

TEST_F(LineWriterTest, EndsWhileItsThreadIsStuck) {
  fill();
  const int never_closed = std::exchange(ends_[1], -1);  // the thread may be in it until the end
  LineWriter writer(never_closed, kBytesMax, dropped_line);
  writer.push("never written\n");
}

}  // namespace
}  // namespace sanctum
