#include "client/running_servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/test_directory.h"
#include "platform/lock_file.h"

namespace sanctum::client {
namespace {

using testing::HasSubstr;

class RunningServers : public testing::Test {
 protected:
  // A server in `name`; without an address it is just starting.
  std::string serves(const std::string& name, const std::string& http) {
    const std::string state = directory_.path(name);
    directory_.write(name + "/x", "");
    locks_[state] = std::make_unique<platform::LockFile>(state + "/lock");
    if (!http.empty()) write_serving(state, {1, 0, 0, http, ""});
    return state;
  }
  std::vector<std::string> found() {
    std::vector<std::string> all;
    for (const auto& server : running_servers(environment_)) all.push_back(server.state_dir);
    return all;
  }
  const TestDirectory directory_;
  const Environment environment_ = [this](const char* name) -> std::optional<std::string> {
    if (std::string(name) == "XDG_STATE_HOME") return directory_.path("home");
    return std::nullopt;
  };
  const int here_ = ::getpid();
  std::map<std::string, std::unique_ptr<platform::LockFile>> locks_;  // by state directory
};

TEST_F(RunningServers, AreFoundByTheirNotes) {
  EXPECT_THAT(found(), testing::IsEmpty());
  EXPECT_FALSE(only_running_server(environment_).has_value());
  const std::string a = serves("a", "127.0.0.1:1");
  note_running(a, here_, environment_);
  EXPECT_THAT(found(), testing::ElementsAre(a));
  EXPECT_EQ(only_running_server(environment_)->serving.http, "127.0.0.1:1");
  forget_running(here_, environment_);
  EXPECT_THAT(found(), testing::IsEmpty());
}

TEST_F(RunningServers, TheUsualOneNeedsNone) {
  const std::string usual = serves("home/sanctum", "127.0.0.1:1");
  EXPECT_THAT(found(), testing::ElementsAre(usual));
  note_running(usual, here_, environment_);
  EXPECT_THAT(found(), testing::ElementsAre(usual)) << "and is one";
}

TEST_F(RunningServers, WhoseServerIsGoneSaysNothing) {
  const std::string a = serves("a", "127.0.0.1:1");
  note_running(a, 1, environment_);
  locks_.clear();  // killed, and what it wrote is still there
  EXPECT_THAT(found(), testing::IsEmpty());
  note_running(directory_.path("nowhere"), here_, environment_);
  EXPECT_THAT(found(), testing::IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(directory_.path("home/sanctum-running/1"))) << "swept";
}

TEST_F(RunningServers, OfSeveralNoneIsGuessed) {
  note_running(serves("a", "127.0.0.1:1"), 1, environment_);
  note_running(serves("b", "127.0.0.1:2"), 2, environment_);
  try {
    only_running_server(environment_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("--state-dir " + directory_.path("a")),
                      HasSubstr("--state-dir " + directory_.path("b")), HasSubstr("127.0.0.1:2")));
  }
}

// `stop` ended another one while the one that was meant restarted.
TEST_F(RunningServers, OneThatIsStartingCounts) {
  note_running(serves("a", ""), 1, environment_);
  note_running(serves("b", "127.0.0.1:2"), 2, environment_);
  EXPECT_THROW(only_running_server(environment_), Error);
}

// A probe's secret went to the server of a URL that another's state directory was named with.
TEST_F(RunningServers, AUrlElsewhereIsNoneOfOurs) {
  EndpointOptions options;
  options.state_dir = serves("a", "127.0.0.1:1");
  options.url = "http://gpu:1338";
  EXPECT_FALSE(server_meant(options, environment_).has_value());
  options.url = "http://127.0.0.1:1";
  EXPECT_EQ(server_meant(options, environment_)->state_dir, options.state_dir);
}

TEST_F(RunningServers, WithoutAHomeThereIsNoneAndNothingIsWrong) {
  const Environment homeless = [](const char*) { return std::nullopt; };
  note_running(directory_.path("a"), here_, homeless);
  EXPECT_TRUE(running_servers(homeless).empty());
}

}  // namespace
}  // namespace sanctum::client
