#include "client/running_servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/test_directory.h"

namespace sanctum::client {
namespace {

using testing::HasSubstr;

class RunningServers : public testing::Test {
 protected:
  // A server in `name`, of process `pid`.
  std::string serves(const std::string& name, int pid, const std::string& http) {
    const std::string state = directory_.path(name);
    directory_.write(name + "/x", "");
    write_serving(state, {pid, 0, 0, http, ""});
    return state;
  }
  std::vector<std::string> found() {
    std::vector<std::string> all;
    for (const auto& server : running_servers(environment_)) all.push_back(server.state_dir);
    return all;
  }
  // Of a process that has ended.
  static int gone() {
    const int pid = ::fork();
    if (pid == 0) ::_exit(0);
    ::waitpid(pid, nullptr, 0);
    return pid;
  }

  const TestDirectory directory_;
  const Environment environment_ = [this](const char* name) -> std::optional<std::string> {
    if (std::string(name) == "XDG_STATE_HOME") return directory_.path("home");
    return std::nullopt;
  };
  const int here_ = ::getpid();
};

TEST_F(RunningServers, AreFoundByTheirNotes) {
  EXPECT_THAT(found(), testing::IsEmpty());
  EXPECT_EQ(only_running_server(environment_), std::nullopt);
  const std::string a = serves("a", here_, "127.0.0.1:1");
  note_running(a, here_, environment_);
  EXPECT_THAT(found(), testing::ElementsAre(a));
  EXPECT_EQ(only_running_server(environment_)->serving.http, "127.0.0.1:1");
  forget_running(here_, environment_);
  EXPECT_THAT(found(), testing::IsEmpty());
}

TEST_F(RunningServers, TheUsualOneNeedsNone) {
  const std::string usual = serves("home/sanctum", here_, "127.0.0.1:1");
  EXPECT_THAT(found(), testing::ElementsAre(usual));
  note_running(usual, here_, environment_);
  EXPECT_THAT(found(), testing::ElementsAre(usual)) << "and is one";
}

TEST_F(RunningServers, WhoseServerIsGoneSaysNothing) {
  const int pid = gone();
  note_running(serves("a", pid, "127.0.0.1:1"), pid, environment_);
  EXPECT_THAT(found(), testing::IsEmpty());
  note_running(directory_.path("nowhere"), here_, environment_);
  EXPECT_THAT(found(), testing::IsEmpty());
}

TEST_F(RunningServers, OfSeveralNoneIsGuessed) {
  note_running(serves("a", here_, "127.0.0.1:1"), 1, environment_);
  note_running(serves("b", here_, "127.0.0.1:2"), 2, environment_);
  try {
    only_running_server(environment_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("--state-dir " + directory_.path("a")),
                      HasSubstr("--state-dir " + directory_.path("b")), HasSubstr("127.0.0.1:2")));
  }
}

TEST_F(RunningServers, WithoutAHomeThereIsNoneAndNothingIsWrong) {
  const Environment homeless = [](const char*) { return std::nullopt; };
  note_running(directory_.path("a"), here_, homeless);
  EXPECT_TRUE(running_servers(homeless).empty());
}

}  // namespace
}  // namespace sanctum::client
