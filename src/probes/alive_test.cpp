#include "probes/alive.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client/small_server.h"

namespace sanctum::probes {
namespace {

using client::SmallServer;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kLong{20'000};
constexpr milliseconds kShort{200};

client::Endpoint at(const std::string& url) {
  client::Endpoint endpoint;
  endpoint.url = url;
  return endpoint;
}

// Says the same bytes to everybody who comes and ends the connection; without any, nobody accepts.
class Doorkeeper {
 public:
  explicit Doorkeeper(std::optional<std::string> words) : words_(std::move(words)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    where_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    if (words_) thread_ = std::thread([this] { serve(); });
  }
  ~Doorkeeper() {
    ::shutdown(socket_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(socket_);
  }
  const std::string& where() const { return where_; }

 private:
  void serve() {
    for (int peer = 0; (peer = ::accept(socket_, nullptr, nullptr)) >= 0; ::close(peer)) {
      char bytes[4096];
      [[maybe_unused]] const auto read = ::recv(peer, bytes, sizeof bytes, 0);
      [[maybe_unused]] const auto sent = ::send(peer, words_->data(), words_->size(), MSG_NOSIGNAL);
    }
  }
  const std::optional<std::string> words_;
  const int socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::string where_;
  std::thread thread_;
};

const std::string kTlsAlert("\x15\x03\x03\x00\x02\x02\x28", 7);  // fatal: handshake failure

TEST(Alive, AnyAnswerWillDo) {
  SmallServer well([](const SmallServer::Request& request, SmallServer::Peer& peer) {
    EXPECT_THAT(request.head, HasSubstr("GET /v1/models "));
    peer.write(client::response(200, "application/json", "{}"));
  });
  SmallServer without_engine([](const SmallServer::Request&, SmallServer::Peer& peer) {
    peer.write(client::response(503, "application/json", "{}"));
  });
  const auto checks = check_alive({at(well.url()), at(without_engine.url())}, kLong);
  ASSERT_EQ(checks.size(), 4u);
  for (const auto& check : checks) EXPECT_TRUE(check.passed) << check.name;
  EXPECT_THAT(checks[2].detail, HasSubstr("HTTP 503 (connected after "));
  EXPECT_EQ(checks[0].name, "listener " + well.url());
  EXPECT_EQ(checks[1].name, "admission at " + well.url());
}

TEST(Alive, OneThatTakesTheConnectionAndSaysNothingIsNot) {
  SmallServer hangs([](const SmallServer::Request&, SmallServer::Peer& peer) {
    EXPECT_TRUE(peer.closed_by_client());
    peer.hang_up();
  });
  const auto checks = check_alive({at(hangs.url())}, kShort);
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_FALSE(checks[0].passed);
  EXPECT_THAT(checks[0].detail, HasSubstr("deadline"));
}

// A healthy gateway was killed for each of these.
TEST(Alive, WhoRefusesUsOrIsMistrustedIsNotDead) {
  SmallServer forbids([](const SmallServer::Request&, SmallServer::Peer& peer) {
    peer.write(client::response(403, "application/json", "{}"));
  });
  SmallServer wants_a_key([](const SmallServer::Request&, SmallServer::Peer& peer) {
    peer.write(client::response(401, "application/json", "{}"));
  });
  Doorkeeper full(""), mistrusts(kTlsAlert), full_behind_tls("");
  for (const auto& url : {forbids.url(), wants_a_key.url(), "http://" + full.where(),
                          "https://" + mistrusts.where(), "https://" + full_behind_tls.where()}) {
    const auto checks = check_alive({at(url)}, kLong);
    ASSERT_EQ(checks.size(), 2u) << url;
    EXPECT_TRUE(checks[0].passed) << url << ": " << checks[0].detail;
    EXPECT_FALSE(checks[1].passed) << url;
    EXPECT_FALSE(checks[1].may_act) << url;
    EXPECT_EQ(checks[1].name, "admission at " + url);
    EXPECT_THAT(checks[1].detail, HasSubstr("it does not let the probe in"));
  }
}

// The system takes connections for a process that is stopped.
TEST(Alive, AConnectionThatOnlyTheSystemTookIsNoSignOfLife) {
  Doorkeeper stopped(std::nullopt);
  for (const std::string scheme : {"http://", "https://"}) {
    const auto checks = check_alive({at(scheme + stopped.where())}, kShort);
    ASSERT_EQ(checks.size(), 1u) << scheme;
    EXPECT_FALSE(checks[0].passed) << scheme;
    EXPECT_TRUE(checks[0].may_act) << scheme;
  }
}

TEST(Alive, FilesOfOursThatAreUnusableHideNobodysDeath) {
  Doorkeeper lives(kTlsAlert), stopped(std::nullopt);
  auto with = [](const std::string& where) {
    client::Endpoint endpoint = at("https://" + where);
    endpoint.authority = "/nowhere/ca.pem";
    return endpoint;
  };
  const auto living = check_alive({with(lives.where())}, kLong);
  ASSERT_EQ(living.size(), 2u);
  EXPECT_TRUE(living[0].passed) << living[0].detail;
  EXPECT_FALSE(living[1].passed);
  EXPECT_THAT(living[1].detail, HasSubstr("could not be asked as it should be"));
  const auto dead = check_alive({with(stopped.where())}, kShort);
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_FALSE(dead[0].passed);
  EXPECT_TRUE(dead[0].may_act);
}

// Out of descriptors, the probe saw "unreachable" and had a healthy gateway killed.
TEST(Alive, WhatCouldNotBeAskedIsNoNewsOfTheListener) {
  SmallServer well([](const SmallServer::Request&, SmallServer::Peer& peer) {
    peer.write(client::response(200, "application/json", "{}"));
  });
  check_alive({at(well.url())}, kLong);  // what libcurl opens once is open
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest_free = ::dup(0);
  ::close(lowest_free);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest_free);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  std::vector<Check> checks;
  std::string thrown;
  try {
    checks = check_alive({at(well.url())}, kLong);
  } catch (const std::exception& error) {
    thrown = error.what();
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(thrown, "");
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_EQ(checks[0].name, "admission at " + well.url());
  EXPECT_FALSE(checks[0].passed);
  EXPECT_FALSE(checks[0].may_act);
}

TEST(Alive, EachListenerIsAsked) {
  SmallServer well([](const SmallServer::Request&, SmallServer::Peer& peer) {
    peer.write(client::response(200, "application/json", "{}"));
  });
  const auto checks = check_alive({at("http://127.0.0.1:1"), at(well.url())}, kLong);
  EXPECT_FALSE(checks[0].passed);
  EXPECT_TRUE(checks[0].may_act);
  EXPECT_THAT(checks[0].detail, HasSubstr("unreachable"));
  EXPECT_TRUE(checks[1].passed) << "one that is closed hides no other";
}

}  // namespace
}  // namespace sanctum::probes
