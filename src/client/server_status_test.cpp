#include "client/server_status.h"

#include <gtest/gtest.h>

#include "client/small_server.h"

namespace sanctum::client {
namespace {

Probe got(int status) {
  return {Ending::kAnswered, status, "", ""};
}

TEST(ServerStatus, ReadinessTable) {
  const Probe dead;
  const Probe yes{Ending::kAnswered, 200, R"({"status":"ready"})", ""};
  EXPECT_EQ(readiness_of(yes, got(200), 1), Readiness::kReady);
  EXPECT_EQ(readiness_of(got(200), got(200), 0), Readiness::kUp) << "it says 200 to everything";
  EXPECT_EQ(readiness_of(got(503), got(200), 1), Readiness::kUp);
  EXPECT_EQ(readiness_of(got(404), got(200), 1), Readiness::kReady) << "no /ready, but a model";
  EXPECT_EQ(readiness_of(got(404), got(200), 0), Readiness::kUp);
  EXPECT_EQ(readiness_of(got(404), got(500), 0), Readiness::kUp);
  EXPECT_EQ(readiness_of(dead, dead, 0), Readiness::kUnreachable);
  EXPECT_EQ(readiness_of({Ending::kDeadline, 0, "", ""}, got(200), 1), Readiness::kUp);
}

TEST(ServerStatus, EngineRestarts) {
  EXPECT_EQ(engine_restarts(R"({"engine":{"restarts":3}})"), 3);
  EXPECT_EQ(engine_restarts(R"({"engine":{"restarts":0,"state":"ready"}})"), 0);
  for (const char* body : {"", "[]", "{}", R"({"engine":1})", R"({"engine":{}})",
                           R"({"engine":{"restarts":"3"}})", R"({"engine":{"restarts":-1}})"}) {
    EXPECT_EQ(engine_restarts(body), std::nullopt) << body;
  }
}

TEST(ServerStatus, FlattensNestedMembersAndSkipsNulls) {
  const auto rows = flattened(R"({"a":1,"b":{"c":"x","d":null},"e":[true,{"f":2.5}]})");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"a", "1"}, {"b.c", "x"}, {"e[0]", "true"}, {"e[1].f", "2.5"}};
  EXPECT_EQ(rows, expected);
  EXPECT_TRUE(flattened("no json").empty());
}

TEST(ServerStatus, AsksAServerAndTellsItsReason) {
  SmallServer server([](const SmallServer::Request& request, SmallServer::Peer& peer) {
    if (request.head.find("GET /ready ") == 0) {
      peer.write(response(503, "application/json", R"({"reason":"the model is loading"})"));
    } else if (request.head.find("GET /v1/models ") == 0) {
      peer.write(response(200, "application/json", R"({"data":[{"id":"smoke"}]})"));
    } else {
      peer.write(response(200, "application/json", R"({"engine":{"restarts":0}})"));
    }
  });
  ChatClient client({.url = server.url()});
  const auto status = ask_status(client);
  EXPECT_EQ(status.readiness, Readiness::kUp);
  EXPECT_EQ(status.reason, "the model is loading");
  EXPECT_EQ(status.models, std::vector<std::string>{"smoke"});
  EXPECT_EQ(status.status_json, R"({"engine":{"restarts":0}})");
  EXPECT_EQ(status.is_sanctum, true);
}

TEST(ServerStatus, AnotherServerIsSaidToBeOne) {
  for (const auto& [code, body, expected] :
       {std::tuple(404, "not here", std::optional(false)),
        std::tuple(200, "{}", std::optional(false)), std::tuple(401, "{}", std::optional<bool>()),
        std::tuple(503, "{}", std::optional<bool>())}) {
    SmallServer server(
        [code = code, body = body](const SmallServer::Request& request, SmallServer::Peer& peer) {
          const bool status = request.head.find("GET /status ") == 0;
          peer.write(response(status ? code : 200, "application/json", status ? body : "{}"));
        });
    ChatClient client({.url = server.url()});
    EXPECT_EQ(ask_status(client).is_sanctum, expected) << code << body;
  }
}

TEST(ServerStatus, WithoutAKeyItSaysWhatToGive) {
  SmallServer server([](const SmallServer::Request& request, SmallServer::Peer& peer) {
    const bool ready = request.head.find("/ready") != std::string::npos;
    peer.write(response(ready ? 200 : 401, "application/json", "{}"));
  });
  Endpoint endpoint;
  endpoint.url = server.url();
  ChatClient client(endpoint);
  const auto status = ask_status(client);
  EXPECT_EQ(status.readiness, Readiness::kReady);
  EXPECT_NE(status.reason.find("--api-key"), std::string::npos) << status.reason;
}

TEST(ServerStatus, AWrongKeyIsNotToldAsAMissingOne) {
  SmallServer server([](const SmallServer::Request& request, SmallServer::Peer& peer) {
    const bool ready = request.head.find("/ready") != std::string::npos;
    peer.write(response(ready ? 200 : 401, "application/json",
                        R"({"error":{"message":"this key is none of ours"}})"));
  });
  Endpoint endpoint;
  endpoint.url = server.url();
  endpoint.bearer = "wrong";
  ChatClient client(endpoint);
  const auto status = ask_status(client);
  EXPECT_NE(status.reason.find("none of ours"), std::string::npos) << status.reason;
  EXPECT_EQ(status.reason.find("--api-key"), std::string::npos) << status.reason;
}

TEST(ServerStatus, NobodyListening) {
  std::string url;
  {
    url = SmallServer([](const auto&, auto&) {}).url();
  }
  ChatClient client({.url = url});
  const auto status = ask_status(client);
  EXPECT_EQ(status.readiness, Readiness::kUnreachable);
  EXPECT_NE(status.reason.find("sanctum serve"), std::string::npos) << status.reason;
}

}  // namespace
}  // namespace sanctum::client
