#include "gateway/server.h"

#include <gmock/gmock.h>

#include <future>

#include "gateway/test_gateway.h"

namespace sanctum::gateway {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(Server, PathsMethodsAndTheirErrors) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  EXPECT_EQ(client.get("/health").body, R"({"status":"ok"})");
  const HttpReply missing = client.get("/v1/nothing");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr(R"({"error":{"message":"there is no GET /v1/nothing")"));
  const HttpReply wrong = client.get("/v1/chat/completions");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("allow"), "POST, OPTIONS");
  client.send("OPTIONS /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
  const HttpReply options = client.reply();
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.at("allow"), "GET, HEAD, OPTIONS");
  client.send("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n");
  const HttpReply head = client.reply(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "15");
  EXPECT_EQ(client.get("/health").status, 200) << "HEAD has no body";
}

TEST(Server, ModelsAreAskedOfTheEngine) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  EXPECT_THAT(client.get("/v1/models").body, HasSubstr(R"({"id":"m","object":"model")"));
  EXPECT_EQ(client.get("/v1/models/m").status, 200);
  EXPECT_EQ(client.get("/v1/models/absent").status, 404);
  gateway.engine.set_models(
      {{"org/name", "", "loading", "", false, 0, 0, "", "", false, 0, 0, 0, {}},
       {"broken", "", "failed", "", false, 0, 0, "", "", false, 0, 0, 0, {}}});
  EXPECT_EQ(client.get("/v1/models/org/name").status, 200);
  EXPECT_EQ(client.get("/v1/models/org%2Fname").status, 200);
  EXPECT_EQ(client.get("/v1/models/broken").status, 404);
  gateway.engine.set_status({false, "dead", "the engine was killed", "", 0, 1});
  const HttpReply reply = client.get("/v1/models");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.count("retry-after"), 1u);
}

TEST(Server, ReadinessHasAReason) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  EXPECT_EQ(client.get("/ready").body, R"({"status":"ready","models":["m"]})");
  gateway.engine.set_models({{"m", "", "loading", "", false, 0, 0, "", "", false, 0, 0, 0, {}}});
  EXPECT_EQ(client.get("/ready").status, 503);
  EXPECT_THAT(client.get("/ready").body, HasSubstr(R"("reason":"'m' is loading")"));
  gateway.engine.set_models({{"m", "", "failed", "", false, 0, 0, "", "", false, 0, 0, 0,
                              wire::Failure{ErrorCode::kCorrupt, "bad tensor", ""}}});
  EXPECT_THAT(client.get("/ready").body, HasSubstr("bad tensor"));
  gateway.engine.set_status({false, "parked", "exited with code 78", "", 0, 1});
  EXPECT_THAT(client.get("/ready").body,
              HasSubstr(R"({"status":"parked","reason":"exited with code 78")"));
  EXPECT_EQ(client.get("/health").status, 200);
  const HttpReply status = client.get("/status");
  EXPECT_EQ(status.status, 200);
  EXPECT_THAT(status.body, HasSubstr(R"("engine":{"state":"parked","up":false)"));
}

TEST(Server, ThePageStandsAlone) {
  TestGateway gateway;
  gateway.services.plain_url = "http://127.0.0.1:1";
  HttpClient client(gateway.port);
  const HttpReply page = client.get("/");
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr(R"(const setup = {"http":"http://127.0.0.1:1")"));
  EXPECT_EQ(page.body.find("SETUP"), std::string::npos);
  EXPECT_EQ(page.body.find("src="), std::string::npos);
}

TEST(Server, PipelinedAndChunkedRequestsKeepTheirOrder) {
  TestGateway gateway;
  gateway.engine.answer_at_once();
  HttpClient client(gateway.port);
  const std::string text = R"({"model":"m","prompt":"x"})";
  client.send("POST /v1/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
              render_chunk(text.substr(0, 5)) + render_chunk(text.substr(5)) + render_chunk("") +
              "GET /health HTTP/1.1\r\nHost: x\r\n\r\n" +
              "GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.reply().body, HasSubstr("text_completion"));
  EXPECT_EQ(client.reply().body, R"({"status":"ok"})");
  const HttpReply last = client.reply();
  EXPECT_EQ(last.status, 404);
  EXPECT_EQ(last.headers.at("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST(Server, ContinuesForThoseWhoAsk) {
  TestGateway gateway;
  gateway.engine.answer_at_once();
  HttpClient client(gateway.port);
  const std::string text = R"({"model":"m","prompt":"x"})";
  client.send(
      "POST /v1/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " +
      std::to_string(text.size()) + "\r\n\r\n");
  EXPECT_EQ(client.reply().status, 100);
  client.send(text);
  EXPECT_EQ(client.reply().status, 200);
}

TEST(Server, TooLargeIs413AndReachesTheClient) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  client.send("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
  client.send(std::string(8 << 20, 'x'));
  const HttpReply reply = client.reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_THAT(reply.body, HasSubstr("\"error\""));
}

TEST(Server, TheMemoryOfAllBodiesIsBounded) {
  ConnectionLimits limits;
  limits.bodies_bytes = 1 << 20;
  TestGateway gateway({}, limits);
  HttpClient client(gateway.port);
  client.send("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" +
              std::string(2 << 20, 'x'));
  EXPECT_EQ(client.reply().status, 503);
  HttpClient next(gateway.port);
  EXPECT_EQ(next.get("/health").status, 200);
}

TEST(Server, SmallRequestsAreServedWhileLargeOnesFillTheirMemory) {
  ConnectionLimits limits;
  limits.bodies_bytes = 100 * 1024;
  TestGateway gateway({}, limits);
  HttpClient large(gateway.port), another(gateway.port), small(gateway.port);
  // Under the limit, and held until it is answered.
  large.post("/v1/completions",
             R"({"model":"m","user":")" + std::string(90 * 1024, 'x') + R"(","prompt":"x"})");
  gateway.engine.next_request();
  another.send("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" +
               std::string(80 * 1024, 'x'));
  EXPECT_EQ(another.reply().status, 503);
  small.post("/v1/completions", std::string(20 * 1024, 'x'));
  EXPECT_EQ(small.reply().status, 400) << "read and found malformed, not refused for its size";
}

TEST(Server, SlowHeadersIdleConnectionsAndSlowBodiesEnd) {
  ConnectionLimits limits;
  limits.header = limits.idle = limits.body = milliseconds(50);
  TestGateway gateway({}, limits);
  HttpClient idle(gateway.port), header(gateway.port), body(gateway.port);
  header.send("GET / HT");
  body.send("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(idle.at_end());
  EXPECT_TRUE(header.at_end());
  EXPECT_TRUE(body.at_end());
}

TEST(Server, MalformedRequestsAreRefusedAndTheConnectionEnds) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  client.send(
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n");
  const HttpReply reply = client.reply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.headers.at("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST(Server, TheDoorIsAskedBeforeABodyIsRead) {
  TestGateway gateway;
  gateway.door = [](const HttpRequest& head) {
    Entry entry;
    entry.headers = {{"Vary", "Origin"}};
    if (head.headers.get("X-Who") != "friend")
      entry.answer = HttpResponse{401, "text/plain", "no", {}};
    return entry;
  };
  HttpClient stranger(gateway.port);
  stranger.send(
      "POST /v1/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
      "60000000\r\n\r\n");
  HttpReply reply = stranger.reply();
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.headers.at("vary"), "Origin");
  EXPECT_EQ(reply.headers.at("connection"), "close");
  HttpClient whole(gateway.port);
  whole.post("/v1/completions", "{}");
  reply = whole.reply();
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.headers.count("x-request-id"), 1u);
  EXPECT_EQ(whole.get("/health").status, 401) << "the connection goes on";
  HttpClient large(gateway.port);
  large.send("POST / HTTP/1.1\r\nHost: x\r\nX-Who: friend\r\nContent-Length: 99999999999\r\n\r\n");
  reply = large.reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.headers.at("vary"), "Origin") << "a browser hides an answer without CORS";
}

TEST(Server, WhatTheDoorAddsIsOnErrorsAndStreamsToo) {
  TestGateway gateway;
  gateway.engine.answer_at_once();
  gateway.door = [](const HttpRequest&) { return Entry{std::nullopt, {{"X-Door", "passed"}}, {}}; };
  HttpClient client(gateway.port);
  EXPECT_EQ(client.get("/nothing").headers.at("x-door"), "passed");
  client.post("/v1/completions", "{");
  HttpReply reply = client.reply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.headers.at("x-door"), "passed");
  client.post("/v1/completions", R"({"model":"m","prompt":"x","stream":true})");
  reply = client.reply();
  EXPECT_EQ(reply.headers.at("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(reply.headers.at("x-door"), "passed");
}

TEST(Server, ARequestKnowsItsPeer) {
  TestGateway gateway;
  std::promise<Peer> seen;
  gateway.router.add("GET", "/who", [&seen](const std::shared_ptr<Exchange>& exchange) {
    seen.set_value(exchange->request().peer);
    exchange->respond({});
  });
  gateway.door = [](const HttpRequest&) { return Entry{std::nullopt, {}, "mine"}; };
  HttpClient client(gateway.port);
  EXPECT_EQ(client.get("/who").status, 200);
  const Peer peer = seen.get_future().get();
  EXPECT_EQ(peer.listener, ListenerKind::kPlain);
  EXPECT_EQ(peer.listens_on, "127.0.0.1");
  EXPECT_THAT(peer.address, testing::StartsWith("127.0.0.1:"));
  EXPECT_EQ(peer.subject, "");
  EXPECT_EQ(peer.key, "mine");
}

TEST(Server, DrainClosesTheListenerFirstAndLetsRequestsFinish) {
  TestGateway gateway;
  HttpClient idle(gateway.port), busy(gateway.port);
  EXPECT_EQ(idle.get("/health").status, 200);
  busy.post("/v1/completions", R"({"model":"m","prompt":"x"})");
  const std::string id = gateway.engine.next_request().request;
  EXPECT_FALSE(gateway.server.drain(milliseconds(1)));
  EXPECT_TRUE(idle.at_end());
  gateway.engine.complete(id);
  const HttpReply reply = busy.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("connection"), "close");
  busy.close();
  EXPECT_TRUE(gateway.server.drain(milliseconds(20000)));
}

TEST(Server, AnAddressInUseIsAnErrorThatNamesIt) {
  TestGateway gateway;
  try {
    gateway.server.listen({"127.0.0.1", gateway.port}, std::nullopt);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(gateway.port)));
  }
}

TEST(Address, Parses) {
  EXPECT_EQ(parse_address("127.0.0.1:1338", "f").port, 1338);
  EXPECT_EQ(parse_address("localhost:0", "f").host, "127.0.0.1");
  EXPECT_EQ(to_string(parse_address("[::1]:5", "f")), "[::1]:5");
  for (const char* text :
       {"", "1338", ":1338", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:5",
        "[127.0.0.1]:5", "example.com:80", "127.0.0.1:80x"}) {
    EXPECT_THROW(parse_address(text, "f"), Error) << text;
  }
}

}  // namespace
}  // namespace sanctum::gateway
