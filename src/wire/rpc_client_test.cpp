#include "wire/rpc_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <stdexcept>

namespace sanctum::wire {
namespace {

using std::chrono::milliseconds;

// The other end of the client's socket, read and written by the test.
class Peer {
 public:
  Peer() {
    std::signal(SIGPIPE, SIG_IGN);
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fd_ = pair[0];
    client_fd = pair[1];
  }
  ~Peer() { hang_up(); }
  void hang_up() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  Message read() {
    while (true) {
      if (auto line = lines_.pop()) return Message(*line);
      char bytes[4096];
      const ssize_t n = ::read(fd_, bytes, sizeof bytes);
      if (n <= 0) throw Error(ErrorCode::kUnavailable, "end of stream");
      lines_.push(std::string_view(bytes, static_cast<std::size_t>(n)));
    }
  }
  void write(const std::string& line) {
    ASSERT_EQ(::write(fd_, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }
  int client_fd = -1;

 private:
  int fd_ = -1;
  LineBuffer lines_;
};

// Collects one answer as "ok:<body>" or the failure's code.
struct Answer {
  std::promise<std::string> promise;
  std::future<std::string> future = promise.get_future();
  RpcClient::Reply reply() {
    return [this](const Message& m) {
      promise.set_value(m.failure ? std::string(to_string(m.failure->code))
                                  : "ok:" + m.body().dump());
    };
  }
};

const auto kIgnore = [](const Message&) {};

TEST(RpcClient, AnswersReachTheirOwnCall) {
  Peer peer;
  RpcClient client(peer.client_fd, kIgnore, {});
  Answer first, second;
  client.call("a", "{}", milliseconds(0), first.reply());
  client.call("b", "{}", milliseconds(0), second.reply());
  const Message a = peer.read(), b = peer.read();
  EXPECT_EQ(a.method, "a");
  peer.write(result_line(b.id, "2"));
  peer.write(failure_line(a.id, {ErrorCode::kBusy, "full", ""}));
  EXPECT_EQ(second.future.get(), "ok:2");
  EXPECT_EQ(first.future.get(), "busy");
}

// It ended the process, and every stream with it.
TEST(RpcClient, WhatACallbackThrowsEndsTheStreamAndNothingElse) {
  Peer peer;
  std::promise<std::string> ended;
  Answer other;
  RpcClient client(
      peer.client_fd, [](const Message&) { throw std::runtime_error("no memory for it"); },
      [&](const std::string& reason) {
        ended.set_value(reason);
        throw std::runtime_error("neither for this");
      });
  client.call("a", "{}", milliseconds(0),
              [](const Message&) { throw std::runtime_error("nor for this"); });
  client.call("b", "{}", milliseconds(0), other.reply());
  peer.write(notification_line("news", "{}"));
  EXPECT_EQ(other.future.get(), "unavailable") << "it hears of the end all the same";
  EXPECT_EQ(ended.get_future().get(),
            "what the engine sent could not be handled: no memory for it");
}

TEST(RpcClient, ADeadlineThatIsToldToOneWhoThrowsIsToldToTheOthers) {
  Peer peer;
  Answer other;
  RpcClient client(peer.client_fd, kIgnore, {});
  client.call("a", "{}", milliseconds(1), [](const Message&) { throw std::runtime_error("a"); });
  client.call("b", "{}", milliseconds(1), other.reply());
  EXPECT_EQ(other.future.get(), "deadline");
}

TEST(RpcClient, NotificationsArriveInOrder) {
  Peer peer;
  std::promise<std::string> done;
  std::string seen;
  RpcClient client(peer.client_fd,
                   [&](const Message& m) {
                     seen += m.method;
                     if (m.method == "c") done.set_value(seen);
                   },
                   {});
  peer.write(notification_line("a", "{}") + notification_line("b", "{}") +
             notification_line("c", "{}"));
  EXPECT_EQ(done.get_future().get(), "abc");
}

TEST(RpcClient, LinesArriveWholeAndInOrderWhateverTheSocketTakesAtOnce) {
  Peer peer;
  RpcClient client(peer.client_fd, kIgnore, {});
  constexpr int kLines = 40;
  const auto body = [](int i) {
    return "\"" + std::string(i % 4 == 1 ? 300'000 : 10, static_cast<char>('a' + i % 26)) + "\"";
  };
  for (int i = 0; i < kLines; ++i) client.notify("n", body(i));
  for (int i = 0; i < kLines; ++i) ASSERT_EQ(peer.read().body().dump(), body(i)) << i;
}

TEST(RpcClient, EndOfStreamFailsWhatIsPendingAndWhatComesAfter) {
  Peer peer;
  std::promise<void> ended;
  RpcClient client(peer.client_fd, kIgnore, [&](const std::string&) { ended.set_value(); });
  Answer pending, late;
  client.call("a", "{}", milliseconds(0), pending.reply());
  peer.read();
  peer.hang_up();
  EXPECT_EQ(pending.future.get(), "unavailable");
  ended.get_future().get();
  client.call("b", "{}", milliseconds(0), late.reply());
  EXPECT_EQ(late.future.get(), "unavailable");
}

TEST(RpcClient, DestructionFailsWhatIsPending) {
  Peer peer;
  Answer pending;
  {
    RpcClient client(peer.client_fd, kIgnore, {});
    client.call("a", "{}", milliseconds(0), pending.reply());
  }
  EXPECT_EQ(pending.future.get(), "unavailable");
}

TEST(RpcClient, DeadlineAnswersOnceAndALateResultIsDropped) {
  Peer peer;
  RpcClient client(peer.client_fd, kIgnore, {});
  Answer slow, next;
  client.call("slow", "{}", milliseconds(1), slow.reply());
  const Message request = peer.read();
  EXPECT_EQ(slow.future.get(), "deadline");
  peer.write(result_line(request.id, "1"));  // a second answer would throw in the promise
  client.call("next", "{}", milliseconds(0), next.reply());
  peer.write(result_line(peer.read().id, "2"));
  EXPECT_EQ(next.future.get(), "ok:2");
}

TEST(RpcClient, NonsenseEndsTheStream) {
  for (const std::string frame : {"nonsense\n", "{\"jsonrpc\":\"2.0\"}\n", "[]\n"}) {
    Peer peer;
    std::promise<std::string> ended;
    RpcClient client(peer.client_fd, kIgnore,
                     [&](const std::string& reason) { ended.set_value(reason); });
    peer.write(frame);
    EXPECT_NE(ended.get_future().get().find("bad frame"), std::string::npos) << frame;
  }
}

TEST(RpcClient, ARefusedNotificationEndsTheStream) {
  Peer peer;
  std::promise<std::string> ended;
  RpcClient client(
      peer.client_fd, [](const Message& m) { m.body().at("step").as_uint64(); },
      [&](const std::string& reason) { ended.set_value(reason); });
  peer.write(notification_line("tokens", "{\"step\":\"x\"}"));
  EXPECT_NE(ended.get_future().get().find("'step'"), std::string::npos);
}

TEST(RpcClient, APeerThatDoesNotReadFillsABoundedQueueAndDeadlinesStillHold) {
  Peer peer;
  RpcClient client(peer.client_fd, kIgnore, {});
  const std::string large = "\"" + std::string(64u << 20, 'x') + "\"";
  Answer first, second, third, fourth;
  client.call("a", large, milliseconds(1), first.reply());
  client.call("b", large, milliseconds(0), second.reply());
  client.call("c", large, milliseconds(0), third.reply());
  client.call("d", "\"" + std::string(kFrameBytesMax, 'x') + "\"", milliseconds(0), fourth.reply());
  EXPECT_EQ(fourth.future.get(), "invalid");
  EXPECT_EQ(third.future.get(), "busy");
  EXPECT_EQ(first.future.get(), "deadline");
  client.end();
  EXPECT_EQ(second.future.get(), "unavailable");
}

}  // namespace
}  // namespace sanctum::wire
