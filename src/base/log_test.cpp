#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/test_directory.h"

namespace sanctum {
namespace {

// Standard error goes to a file while it lives.
class StandardErrorTo {
 public:
  explicit StandardErrorTo(const std::string& path)
      : before_(::dup(STDERR_FILENO)), file_(::open(path.c_str(), O_CREAT | O_WRONLY, 0600)) {
    ::dup2(file_, STDERR_FILENO);
  }
  ~StandardErrorTo() {
    log::flush();
    ::dup2(before_, STDERR_FILENO);
    ::close(file_);
    ::close(before_);
  }

 private:
  const int before_;
  const int file_;
};

std::vector<std::string> times_of_lines_in(const std::string& path) {
  std::vector<std::string> times;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.find(" turn ") != std::string::npos) times.push_back(line.substr(0, line.find(' ')));
  return times;
}

// The time was taken before the turn, so that two threads wrote their lines the other way round.
TEST(LogTest, LinesOfSeveralThreadsStandInTheOrderOfTheirTimes) {
  constexpr int kThreads = 8, kLines = 200, kRounds = 20;  // a round fits into what may wait
  const TestDirectory directory;
  const std::string path = directory.path("log");
  {
    const StandardErrorTo file(path);
    for (int round = 0; round < kRounds; ++round) {
      {
        std::vector<std::jthread> threads;
        threads.reserve(kThreads);
        for (int thread = 0; thread < kThreads; ++thread) {
          threads.emplace_back([thread] {
            for (int line = 0; line < kLines; ++line) log::info("turn", {{"thread", thread}});
          });
        }
      }
      log::flush();
    }
  }
  const std::vector<std::string> times = times_of_lines_in(path);
  EXPECT_GE(times.size(), kThreads * kLines);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
}

}  // namespace
}  // namespace sanctum
