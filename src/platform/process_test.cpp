#include "platform/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/error.h"

namespace sanctum::platform {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLimit(20000);

ProcessOptions shell(const std::string& script) {
  return {"/bin/sh", {"-c", script}, {}, {}};
}

std::string read_all(int fd) {
  std::string out;
  char bytes[256];
  ssize_t n;
  while ((n = ::read(fd, bytes, sizeof bytes)) > 0) out.append(bytes, static_cast<std::size_t>(n));
  ::close(fd);
  return out;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

TEST(Process, ReportsExitCodesAndSignals) {
  EXPECT_EQ(Process(shell("exit 78")).wait(kLimit)->code, 78);
  EXPECT_EQ(Process(shell("kill -SEGV $$")).wait(kLimit)->signal, SIGSEGV);
}

TEST(Process, TalksOverDescriptorThree) {
  Process child(shell("read line <&3; echo \"got $line\" >&3"));
  const int socket = child.take_socket();
  ASSERT_EQ(::write(socket, "hello\n", 6), 6);
  EXPECT_EQ(read_all(socket), "got hello\n");
  EXPECT_EQ(child.wait(kLimit)->code, 0);
}

TEST(Process, SaysWhetherAProcessIsStopped) {
  Process child(shell("read line <&3"));
  EXPECT_FALSE(is_stopped(child.pid()));
  child.signal(SIGSTOP);
  siginfo_t seen{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &seen, WSTOPPED | WNOWAIT), 0);
  EXPECT_TRUE(is_stopped(child.pid()));
  child.signal(SIGKILL);
  child.wait(kLimit);
  EXPECT_FALSE(is_stopped(child.pid()));
}

TEST(Process, HandsOnTheDescriptorsItIsTold) {
  int first[2], second[2];
  ASSERT_EQ(::pipe(first), 0);
  ASSERT_EQ(::pipe(second), 0);
  ProcessOptions options = shell("echo four >&4; echo five >&5");
  options.descriptors = {first[1], second[1]};
  Process child(options);
  ::close(first[1]);
  ::close(second[1]);
  EXPECT_EQ(read_all(first[0]), "four\n");
  EXPECT_EQ(read_all(second[0]), "five\n");
  EXPECT_EQ(child.wait(kLimit)->code, 0);
}

TEST(Process, InheritsNothingElse) {
  int leak[2];
  ASSERT_EQ(::pipe(leak), 0);  // without FD_CLOEXEC on purpose
  const std::string number = std::to_string(::dup2(leak[1], 47));
  Process child(
      shell("if [ -e /dev/fd/" + number + " ]; then echo leaked >&3; else echo closed >&3; fi"));
  EXPECT_EQ(read_all(child.take_socket()), "closed\n");
  ::close(47);
  ::close(leak[0]);
  ::close(leak[1]);
}

TEST(Process, AddsToTheEnvironment) {
  ProcessOptions options = shell("echo \"$SANCTUM_TEST:$HOME\" >&3");
  options.environment = {{"SANCTUM_TEST", "yes"}, {"HOME", "/replaced"}};
  Process child(options);
  EXPECT_EQ(read_all(child.take_socket()), "yes:/replaced\n");
}

TEST(Process, WaitingIsBounded) {
  Process child(shell("read line <&3"));
  EXPECT_FALSE(child.wait(milliseconds(1)).has_value());
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(kLimit)->signal, SIGTERM);
  EXPECT_EQ(child.wait(milliseconds(0))->signal, SIGTERM);
  child.signal(SIGKILL);  // after the end: nobody is hit
}

TEST(Process, SignalsReachGrandchildren) {
  Process child(shell("sh -c 'echo up >&3; read line <&3' & wait"));
  const int socket = child.take_socket();
  char bytes[8];
  ASSERT_EQ(::read(socket, bytes, sizeof bytes), 3);
  child.signal(SIGKILL);
  EXPECT_EQ(read_all(socket), "");  // ends only when the grandchild's copy is closed too
}

TEST(Process, DestructionKillsAndReaps) {
  pid_t pid = 0;
  {
    Process child(shell("trap '' TERM; read line <&3"));
    pid = child.pid();
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(Process, IgnoredSignalsAreNotInherited) {
  std::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(Process(shell("kill -PIPE $$; exit 3")).wait(kLimit)->signal, SIGPIPE);
}

// Out of descriptors at whichever step: the child has all that it was to have, or there is none.
TEST(Process, OutOfDescriptorsIsAnErrorAndNeverAChildWithoutThem) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const std::size_t open = open_descriptors();
  int started = 0, refused = 0;
  for (rlim_t limit = 3; limit < 20; ++limit) {
    ProcessOptions options = shell("[ -e /dev/fd/4 ] && [ -e /dev/fd/5 ]");
    options.descriptors = {0, 0};
    const rlimit few{limit, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    try {
      Process child(options);
      ::setrlimit(RLIMIT_NOFILE, &before);
      EXPECT_EQ(child.wait(kLimit)->code, 0) << limit;
      ++started;
    } catch (const Error& error) {
      ::setrlimit(RLIMIT_NOFILE, &before);
      EXPECT_EQ(error.code(), ErrorCode::kUnavailable) << error.what();
      ++refused;
    }
    EXPECT_EQ(open_descriptors(), open) << limit;
  }
  EXPECT_GT(started, 0);
  EXPECT_GT(refused, 0);
}

TEST(Process, AMissingProgramIsNotFound) {
  for (const char* path : {"/does/not/exist", "/etc/passwd"}) {
    try {
      Process child({path, {}, {}, {}});
      FAIL() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kNotFound);
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace sanctum::platform
