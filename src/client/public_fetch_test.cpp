#include "client/public_fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/small_server.h"

namespace sanctum::client {
namespace {

using testing::HasSubstr;

PublicFetchLimits local() {
  PublicFetchLimits limits;
  limits.allowed = [](const sockaddr&) { return true; };
  return limits;
}

SmallServer::Handler saying(const std::string& reply, int* asked = nullptr) {
  return [reply, asked](const SmallServer::Request&, SmallServer::Peer& peer) {
    if (asked != nullptr) ++*asked;
    peer.write(reply);
  };
}

TEST(PublicFetch, BringsTheFile) {
  const SmallServer server(saying(response(200, "image/png", "bytes")));
  const PublicFetch fetched = fetch_public(server.url() + "/a.png", local());
  EXPECT_EQ(fetched.bytes, "bytes");
  EXPECT_EQ(fetched.why, "");
}

TEST(PublicFetch, ThisMachineIsNotAsked) {
  int asked = 0;
  const SmallServer server(saying(response(200, "image/png", "bytes"), &asked));
  EXPECT_THAT(fetch_public(server.url()).why, HasSubstr("not of the public internet"));
  EXPECT_EQ(asked, 0);
}

// A name that is looked up anew for a redirect, or that has several addresses, is asked about each
// time a connection is made.
TEST(PublicFetch, ARedirectLeadsNowhereElse) {
  int asked = 0;
  const SmallServer inside(saying(response(200, "image/png", "secret"), &asked));
  const SmallServer outside(
      saying(response(302, "text/plain", "", "Location: " + inside.url() + "/\r\n")));
  PublicFetchLimits limits;
  int connections = 0;
  limits.allowed = [&](const sockaddr&) { return ++connections == 1; };
  const PublicFetch fetched = fetch_public(outside.url(), limits);
  EXPECT_THAT(fetched.why, HasSubstr("not of the public internet"));
  EXPECT_EQ(fetched.bytes, "");
  EXPECT_EQ(asked, 0);
}

TEST(PublicFetch, LimitsAreSaid) {
  PublicFetchLimits few = local();
  few.bytes_max = 4;
  const SmallServer large(saying(response(200, "image/png", "bytes")));
  EXPECT_THAT(fetch_public(large.url(), few).why, HasSubstr("more than 4 bytes"));
  const SmallServer gone(saying(response(404, "text/plain", "no")));
  EXPECT_THAT(fetch_public(gone.url(), local()).why, HasSubstr("404"));
  EXPECT_FALSE(fetch_public("file:///etc/passwd", local()).why.empty());
  EXPECT_FALSE(fetch_public("gopher://127.0.0.1/", local()).why.empty());
  PublicFetchLimits short_time = local();
  short_time.until = Clock::now() + std::chrono::milliseconds(200);
  const SmallServer silent([](const SmallServer::Request&, SmallServer::Peer& peer) {
    peer.closed_by_client();
    peer.hang_up();
  });
  EXPECT_THAT(fetch_public(silent.url(), short_time).why, HasSubstr("in time"));
}

TEST(PublicFetch, WhoGoesIsNotFetchedFor) {
  const SmallServer silent([](const SmallServer::Request&, SmallServer::Peer& peer) {
    peer.closed_by_client();
    peer.hang_up();
  });
  PublicFetchLimits limits = local();
  limits.until = Clock::now() + std::chrono::hours(1);
  limits.given_up = [] { return true; };
  EXPECT_THAT(fetch_public(silent.url(), limits).why, HasSubstr("nobody waits"));
}

}  // namespace
}  // namespace sanctum::client
