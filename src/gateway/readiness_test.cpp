#include "gateway/readiness.h"

#include <gmock/gmock.h>

#include <atomic>

#include "gateway/test_gateway.h"

namespace sanctum::gateway {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// /ready was 503 for its weights' sake, and the list of models called it ready.
TEST(Readiness, WhatStatusSaysOfAModelModelsSayToo) {
  Proofs proofs;
  TestGateway gateway;
  gateway.services.proofs = &proofs;
  HttpClient client(gateway.port);
  const auto say = [&](const auto& what) {
    for (const char* path : {"/v1/models", "/v1/models/m", "/status"})
      EXPECT_THAT(client.get(path).body, what) << path;
  };
  const Proof wrong{"m", "text", false, "a probe", "its weights may be damaged"};
  proofs.add(wrong, Clock::now());
  EXPECT_EQ(client.get("/ready").status, 503);
  say(HasSubstr("'m' in text has not been proven to work yet; since then: its weights may be"));
  EXPECT_THAT(client.get("/v1/models").body, HasSubstr(R"("state":"unproven")"));

  proofs.add({"m", "text", true, "a probe", ""}, Clock::now());
  EXPECT_EQ(client.get("/ready").status, 200);
  say(Not(HasSubstr("has not been proven")));
  EXPECT_THAT(client.get("/v1/models").body,
              AllOf(HasSubstr(R"("state":"ready")"), Not(HasSubstr(R"("reason":)"))));
  EXPECT_THAT(client.get("/status").body, HasSubstr(R"("unproven":{})"));
}

TEST(Readiness, WithoutProbesWhatIsLoadedIsReadyUntilTheServerEnds) {
  TestGateway gateway;
  std::atomic<bool> ends{false};
  gateway.services.draining = [&] { return ends.load(); };
  HttpClient client(gateway.port);
  EXPECT_EQ(client.get("/ready").status, 200);
  EXPECT_THAT(client.get("/v1/models/m").body, HasSubstr(R"("state":"ready")"));
  ends = true;
  EXPECT_EQ(client.get("/ready").status, 503);
  EXPECT_THAT(client.get("/v1/models/m").body, HasSubstr(R"("state":"draining")"));
}

}  // namespace
}  // namespace sanctum::gateway
