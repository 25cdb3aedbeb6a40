#include "probes/alive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(Alive, AnyAnswerWillDo) {
  SmallServer well([](const SmallServer::Request& request, SmallServer::Peer& peer) {
    EXPECT_THAT(request.head, HasSubstr("GET /v1/models "));
    peer.write(client::response(200, "application/json", "{}"));
  });
  SmallServer without_engine([](const SmallServer::Request&, SmallServer::Peer& peer) {
    peer.write(client::response(503, "application/json", "{}"));
  });
  const auto checks = check_alive({at(well.url()), at(without_engine.url())}, kLong);
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_TRUE(checks[0].passed);
  EXPECT_TRUE(checks[1].passed);
  EXPECT_THAT(checks[1].detail, HasSubstr("HTTP 503 (connected after "));
  EXPECT_EQ(checks[0].name, "listener " + well.url());
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

TEST(Alive, EachListenerIsAsked) {
  SmallServer well([](const SmallServer::Request&, SmallServer::Peer& peer) {
    peer.write(client::response(200, "application/json", "{}"));
  });
  const auto checks = check_alive({at("http://127.0.0.1:1"), at(well.url())}, kLong);
  EXPECT_FALSE(checks[0].passed);
  EXPECT_THAT(checks[0].detail, HasSubstr("unreachable"));
  EXPECT_TRUE(checks[1].passed) << "one that is closed hides no other";
}

}  // namespace
}  // namespace sanctum::probes
