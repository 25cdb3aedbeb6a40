// Mutual TLS through real sockets.
#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/test_directory.h"
#include "gateway/certificate_list.h"
#include "gateway/certificates.h"
#include "gateway/test_gateway.h"

namespace sanctum::gateway {
namespace {

using testing::HasSubstr;

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    directory_ = root_.path("certs");
    make_certificates(directory_, false);
    port_ = port_of(gateway_);
  }

  // Where it listens from here on, with the certificates of the fixture.
  std::uint16_t port_of(TestGateway& gateway) const {
    const TlsFiles files{directory_ + "/ca.pem", directory_ + "/server.pem",
                         directory_ + "/server.key"};
    return gateway.server.listen({"127.0.0.1", 0}, files).port;
  }

  using Context = std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)>;
  using Session = std::unique_ptr<SSL_SESSION, decltype(&::SSL_SESSION_free)>;

  // A client with the certificates of `directory` (none when empty).
  Context client(const std::string& directory, int version_max = 0) {
    Context context(::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
    ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    ::SSL_CTX_load_verify_locations(context.get(), (directory + "/ca.pem").c_str(), nullptr);
    ::SSL_CTX_set_security_level(context.get(), 0);
    if (version_max != 0) ::SSL_CTX_set_max_proto_version(context.get(), version_max);
    if (!directory.empty()) {
      ::SSL_CTX_use_certificate_file(context.get(), (directory + "/client.pem").c_str(),
                                     SSL_FILETYPE_PEM);
      ::SSL_CTX_use_PrivateKey_file(context.get(), (directory + "/client.key").c_str(),
                                    SSL_FILETYPE_PEM);
    }
    return context;
  }

  static void wait_until_closed(int socket) {
    ::shutdown(socket, SHUT_WR);
    char bytes[4096];
    while (::recv(socket, bytes, sizeof bytes, 0) > 0) continue;
  }

  // What the client reads, "" when refused; goes on with session_ and leaves the new one there.
  std::string exchange(SSL_CTX* context, const std::string& request) {
    HttpClient socket(port_);
    const std::unique_ptr<SSL, decltype(&::SSL_free)> tls(::SSL_new(context), ::SSL_free);
    ::SSL_set1_host(tls.get(), "localhost");
    ::SSL_set_fd(tls.get(), socket.fd());
    if (session_) ::SSL_set_session(tls.get(), session_.get());
    if (::SSL_connect(tls.get()) != 1 ||
        ::SSL_write(tls.get(), request.data(), static_cast<int>(request.size())) <= 0) {
      wait_until_closed(socket.fd());
      return {};
    }
    std::string all;
    char bytes[4096];
    int n;
    while ((n = ::SSL_read(tls.get(), bytes, sizeof bytes)) > 0)
      all.append(bytes, static_cast<std::size_t>(n));
    clean_end_ = ::SSL_get_error(tls.get(), n) == SSL_ERROR_ZERO_RETURN;
    resumed_ = ::SSL_session_reused(tls.get()) == 1;
    session_.reset(::SSL_get1_session(tls.get()));
    ::SSL_shutdown(tls.get());  // without it OpenSSL takes the session for a bad one
    wait_until_closed(socket.fd());
    return all;
  }

  // What the server logs of `action`, which waits until the server has closed.
  template <class Action>
  std::string logged(Action action) {
    testing::internal::CaptureStderr();
    action();
    log::flush();
    return testing::internal::GetCapturedStderr();
  }

  std::string ask(const std::string& directory, const std::string& request, int version_max = 0) {
    session_.reset();
    return exchange(client(directory, version_max).get(), request);
  }

  const TestDirectory root_;
  std::string directory_;
  TestGateway gateway_;
  std::uint16_t port_ = 0;
  bool clean_end_ = false;
  bool resumed_ = false;
  Session session_{nullptr, ::SSL_SESSION_free};
};

constexpr const char* kHealth =
    "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

TEST_F(TlsTest, AClientWithACertificateIsServedAndToldGoodbye) {
  EXPECT_THAT(ask(directory_, kHealth), HasSubstr(R"({"status":"ok"})"));
  EXPECT_TRUE(clean_end_);
  EXPECT_THAT(ask(directory_, kHealth, TLS1_2_VERSION), HasSubstr(R"({"status":"ok"})"));
}

TEST_F(TlsTest, NoCertificateForeignCertificateAndOldTlsAreRefused) {
  const Context bare = client("");
  ::SSL_CTX_load_verify_locations(bare.get(), (directory_ + "/ca.pem").c_str(), nullptr);
  EXPECT_EQ(exchange(bare.get(), kHealth), "");
  const std::string foreign = root_.path("foreign");
  make_certificates(foreign, false);
  EXPECT_EQ(ask(foreign, kHealth), "");
  EXPECT_EQ(ask(directory_, kHealth, TLS1_1_VERSION), "");
  EXPECT_THAT(ask(directory_, kHealth), HasSubstr("ok"));
}

TEST_F(TlsTest, TheSubjectOfTheClientsCertificateIsKnown) {
  std::promise<Peer> seen;
  gateway_.door = [&seen](const HttpRequest& head) {
    seen.set_value(head.peer);
    return Entry{};
  };
  EXPECT_THAT(ask(directory_, kHealth), HasSubstr("ok"));
  const Peer peer = seen.get_future().get();
  EXPECT_EQ(peer.listener, ListenerKind::kMutualTls);
  std::string shown;
  for (const auto& info : describe_certificates(directory_)) {
    if (info.path == directory_ + "/client.pem") shown = info.subject;
  }
  EXPECT_FALSE(shown.empty());
  EXPECT_EQ(peer.subject, shown);
}

TEST_F(TlsTest, AResumedSessionIsServed) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Context context = client(directory_, version);
    session_.reset();
    EXPECT_THAT(exchange(context.get(), kHealth), HasSubstr("ok"));
    EXPECT_THAT(exchange(context.get(), kHealth), HasSubstr("ok")) << version;
    EXPECT_TRUE(resumed_) << version;
  }
}

TEST_F(TlsTest, PlainHttpToTheTlsPortIsAnsweredInWordsAndEnds) {
  for (const char* request : {kHealth, "POST / HTTP/1.1\r\nContent-Le", "OPTIONS", "g"}) {
    HttpClient client(port_);
    client.send(request);
    const auto reply = client.reply();
    EXPECT_EQ(reply.status, 400) << request;
    EXPECT_THAT(reply.body, HasSubstr("https://127.0.0.1:" + std::to_string(port_)));
    EXPECT_THAT(reply.body, HasSubstr("http://127.0.0.1:" + std::to_string(gateway_.port)));
    EXPECT_THAT(reply.body, HasSubstr(R"("code":"plain_http_to_tls_port")"));
    EXPECT_TRUE(client.at_end());
  }
}

// They were closed without a word on either side.
TEST_F(TlsTest, WhoIsTurnedAwayLeavesALineThatSaysWhy) {
  const Context bare = client("");
  ::SSL_CTX_load_verify_locations(bare.get(), (directory_ + "/ca.pem").c_str(), nullptr);
  EXPECT_THAT(logged([&] { EXPECT_EQ(exchange(bare.get(), kHealth), ""); }),
              testing::AllOf(HasSubstr("warning tls_refused peer=127.0.0.1:"),
                             HasSubstr("no client certificate was shown")));
}

TEST_F(TlsTest, AForeignCertificateLeavesALine) {
  const std::string foreign = root_.path("foreign");
  make_certificates(foreign, false);
  std::filesystem::copy(directory_ + "/ca.pem", foreign + "/ca.pem",
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(logged([&] { ask(foreign, kHealth); }), HasSubstr("of another authority than our"));
}

TEST_F(TlsTest, AClientThatMistrustsUsLeavesALine) {
  const std::string foreign = root_.path("foreign");
  make_certificates(foreign, false);
  EXPECT_THAT(logged([&] { ask(foreign, kHealth); }), HasSubstr("does not trust our certificate"));
}

TEST_F(TlsTest, OldTlsLeavesALine) {
  EXPECT_THAT(logged([&] { ask(directory_, kHealth, TLS1_1_VERSION); }),
              HasSubstr("no TLS of version 1.2 or later"));
}

TEST_F(TlsTest, TlsToThePlainPortLeavesALine) {
  const std::uint16_t tls = std::exchange(port_, gateway_.port);
  EXPECT_THAT(logged([&] { EXPECT_EQ(ask(directory_, kHealth), ""); }),
              HasSubstr("it spoke TLS to the port of plain HTTP"));
  port_ = tls;
}

TEST_F(TlsTest, WhoHangsUpWithoutAWordLeavesNone) {
  EXPECT_EQ(logged([&] {
              HttpClient client(port_);
              wait_until_closed(client.fd());
            }),
            "");
}

TEST_F(TlsTest, WhoHangsUpInTheMiddleLeavesALine) {
  EXPECT_THAT(logged([&] {
                HttpClient client(port_);
                client.send("\x16\x03\x01");
                wait_until_closed(client.fd());
              }),
              HasSubstr("it hung up in the middle of the handshake"));
}

TEST_F(TlsTest, WhoDoesNotFinishIsClosedAtTheLimitAndLeavesALine) {
  ConnectionLimits limits;
  limits.handshake = std::chrono::milliseconds(50);
  TestGateway gateway({}, limits);
  const auto port = port_of(gateway);
  testing::internal::CaptureStderr();
  HttpClient silent(port), half(port);
  half.send("\x16\x03");
  EXPECT_TRUE(silent.at_end());
  EXPECT_TRUE(half.at_end());
  log::flush();
  const std::string told = testing::internal::GetCapturedStderr();
  const std::string line = "it did not finish the handshake within 50 ms";
  EXPECT_THAT(told, HasSubstr(line));
  EXPECT_THAT(told.substr(told.find(line) + 1), HasSubstr(line));
}

// Its answer is small enough for the system to take, whoever reads it.
TEST_F(TlsTest, PlainHttpThatNeverReadsOrEndsIsClosedAtTheLimit) {
  ConnectionLimits limits;
  limits.linger = std::chrono::milliseconds(50);
  TestGateway gateway({}, limits);
  const auto port = port_of(gateway);
  HttpClient client(port);
  client.send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(client.reply().status, 400);
  EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(gateway.server.drain(std::chrono::seconds(60)));
}

TEST_F(TlsTest, AStreamAndThenAnotherRequest) {
  gateway_.engine.answer_at_once();
  const std::string body = R"({"model":"m","prompt":"x","stream":true})";
  const std::string all =
      ask(directory_, "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n" + body + kHealth);
  EXPECT_THAT(all, HasSubstr("data: [DONE]"));
  EXPECT_THAT(all, HasSubstr(R"({"status":"ok"})"));
}

TEST_F(TlsTest, DamagedFilesAreNamed) {
  try {
    gateway_.server.listen({"127.0.0.1", 0},
                           TlsFiles{directory_ + "/absent.pem", directory_ + "/server.pem",
                                    directory_ + "/server.key"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("absent.pem"));
  }
}

}  // namespace
}  // namespace sanctum::gateway
