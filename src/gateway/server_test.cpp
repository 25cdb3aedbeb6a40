#include "gateway/server.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gateway/api_keys.h"
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
      {{"org/name", "", wire::ModelStage::kLoading, "", false, 0, 0, "", "", false, 0, 0, 0, {}},
       {"broken", "", wire::ModelStage::kFailed, "", false, 0, 0, "", "", false, 0, 0, 0, {}}});
  EXPECT_EQ(client.get("/v1/models/org/name").status, 200);
  EXPECT_EQ(client.get("/v1/models/org%2Fname").status, 200);
  EXPECT_EQ(client.get("/v1/models/broken").status, 404);
  gateway.engine.set_status({false, wire::WorkerState::kDead, "the engine was killed", "", 0, 1});
  const HttpReply reply = client.get("/v1/models");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.count("retry-after"), 1u);
}

TEST(Server, ReadinessHasAReason) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  EXPECT_EQ(client.get("/ready").body, R"({"status":"ready","models":["m"]})");
  gateway.engine.set_models(
      {{"m", "", wire::ModelStage::kLoading, "", false, 0, 0, "", "", false, 0, 0, 0, {}}});
  EXPECT_EQ(client.get("/ready").status, 503);
  EXPECT_THAT(client.get("/ready").body, HasSubstr(R"("reason":"'m' is loading")"));
  gateway.engine.set_models({{"m", "", wire::ModelStage::kFailed, "", false, 0, 0, "", "", false, 0,
                              0, 0, wire::Failure{ErrorCode::kCorrupt, "bad tensor", ""}}});
  EXPECT_THAT(client.get("/ready").body, HasSubstr("bad tensor"));
  gateway.engine.set_status({false, wire::WorkerState::kParked, "exited with code 78", "", 0, 1});
  EXPECT_THAT(client.get("/ready").body,
              HasSubstr(R"({"status":"parked","reason":"exited with code 78")"));
  EXPECT_EQ(client.get("/health").status, 200);
  const HttpReply status = client.get("/status");
  EXPECT_EQ(status.status, 200);
  EXPECT_THAT(status.body, HasSubstr(R"("engine":{"state":"parked","up":false)"));
}

TEST(Server, ThePageStandsAlone) {
  TestGateway gateway;
  gateway.services.urls = [] { return ListenUrls{"http://127.0.0.1:1/</script>", ""}; };
  HttpClient client(gateway.port);
  const HttpReply page = client.get("/");
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.headers.at("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(page.body, HasSubstr(R"({"http":"http://127.0.0.1:1/\u003c/script>")"));
  EXPECT_EQ(page.body.find("SETUP"), std::string::npos);
  for (const auto& [path, type] : {std::pair("/page/chat.js", "text/javascript; charset=utf-8"),
                                   std::pair("/page/server.js", "text/javascript; charset=utf-8"),
                                   std::pair("/page/style.css", "text/css; charset=utf-8")}) {
    const HttpReply part = client.get(path);
    EXPECT_EQ(part.status, 200) << path;
    EXPECT_EQ(part.headers.at("content-type"), type);
    EXPECT_EQ(part.headers.at("x-content-type-options"), "nosniff");
  }
  EXPECT_EQ(client.get("/page/nothing").status, 404);
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

ConnectionLimits few(std::size_t connections) {
  ConnectionLimits limits;
  limits.connections = connections;
  limits.reserved = 2;
  return limits;
}

void wait_for_connections(const TestGateway& gateway, int count) {
  while (gateway.server.connections() < count) std::this_thread::yield();
}

// Newcomers were refused, and with them the probe, who had the gateway killed.
TEST(Server, AtTheLimitTheLongestIdleConnectionGoes) {
  TestGateway gateway({}, few(4));
  HttpClient busy(gateway.port);
  busy.post("/v1/completions", R"({"model":"m","prompt":"x"})");
  const std::string id = gateway.engine.next_request().request;
  // In this order, which is theirs only once the gateway has each.
  HttpClient old(gateway.port);
  wait_for_connections(gateway, 2);
  HttpClient half(gateway.port);
  half.send("GET /health HTTP/1.1\r\n");
  wait_for_connections(gateway, 3);
  HttpClient silent(gateway.port);
  wait_for_connections(gateway, 4);
  EXPECT_EQ(old.get("/health").status, 200) << "it is idle from now on";

  HttpClient first(gateway.port);
  EXPECT_EQ(first.get("/health").status, 200);
  EXPECT_TRUE(half.at_end()) << "it had been idle longest: half a head is no request";
  HttpClient second(gateway.port);
  EXPECT_EQ(second.get("/health").status, 200);
  EXPECT_TRUE(silent.at_end());
  EXPECT_EQ(old.get("/health").status, 200) << "the oldest, and not the longest idle";
  gateway.engine.complete(id);
  EXPECT_EQ(busy.reply().status, 200) << "what is being served never goes";
}

TEST(Server, AFloodOfIdleConnectionsKeepsNobodyOut) {
  TestGateway gateway({}, few(16));
  std::vector<std::unique_ptr<HttpClient>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<HttpClient>(gateway.port));
    if (i % 20 != 0) continue;
    HttpClient client(gateway.port);
    EXPECT_EQ(client.get("/health").status, 200) << i;
  }
}

TEST(Server, WhenAllAreBusyANewcomerGets503AndAProbeIsServed) {
  ConnectionLimits limits = few(2);
  limits.calm = milliseconds(0);
  std::mutex mutex;
  std::vector<std::string> told;
  ServerHooks hooks;
  hooks.goes_first = [](const HttpRequest& head) { return shows_secret(head, "secret"); };
  hooks.turns_away = [&](bool so, const std::string& why) {
    const std::lock_guard lock(mutex);
    told.push_back((so ? "+ " : "- ") + why);
  };
  TestGateway gateway({}, limits, hooks);
  std::vector<std::unique_ptr<HttpClient>> busy;
  for (int i = 0; i < 2; ++i) {
    busy.push_back(std::make_unique<HttpClient>(gateway.port));
    busy.back()->post("/v1/completions", R"({"model":"m","prompt":"x"})");
  }
  const std::string ids[] = {gateway.engine.next_request().request,
                             gateway.engine.next_request().request};
  HttpClient newcomer(gateway.port);
  const HttpReply refused = newcomer.get("/health");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.count("retry-after"), 1u);
  EXPECT_TRUE(newcomer.at_end());
  HttpClient large(gateway.port);
  large.send("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" +
             std::string(200'000, 'x'));
  EXPECT_EQ(large.reply().status, 503) << "without its whole body";
  HttpClient probe(gateway.port);
  probe.send("GET /health HTTP/1.1\r\nHost: x\r\nSanctum-Probe: secret\r\n\r\n");
  EXPECT_EQ(probe.reply().status, 200);
  // Those who only hold the reserved places open make room as well.
  HttpClient holds(gateway.port), holds_too(gateway.port), late(gateway.port);
  EXPECT_EQ(late.get("/health").status, 503);

  for (const auto& id : ids) gateway.engine.complete(id);
  for (const auto& client : busy) EXPECT_EQ(client->reply().status, 200);
  HttpClient after(gateway.port);
  EXPECT_EQ(after.get("/health").status, 200);
  const std::lock_guard lock(mutex);
  ASSERT_GE(told.size(), 2u);
  EXPECT_EQ(told.front(), "+ all 2 connections are busy with requests");
  EXPECT_EQ(told.back(), "- newcomers are let in again");
}

// A stream served while another request's handler throws on the same threads goes on.
TEST(Server, WhatAHandlerThrowsLaterEndsItsOwnRequestAlone) {
  TestGateway gateway;
  gateway.router.add("GET", "/throws", [](const std::shared_ptr<Exchange>& exchange) {
    exchange->post([] { throw std::runtime_error("posted"); });
  });
  std::promise<void> gone;
  gateway.router.add("GET", "/throws-in-a-stream", [&](const std::shared_ptr<Exchange>& exchange) {
    exchange->on_gone([&gone] { gone.set_value(); });
    exchange->start_stream({});
    exchange->after(milliseconds(1), [exchange] {
      exchange->write("begun");
      throw std::runtime_error("timer");
    });
  });
  HttpClient stream(gateway.port), throws(gateway.port), half(gateway.port);
  stream.post("/v1/completions", R"({"model":"m","prompt":"x"})");
  const std::string id = gateway.engine.next_request().request;
  EXPECT_EQ(throws.get("/throws").status, 500);
  EXPECT_EQ(throws.get("/health").status, 200) << "its connection is whole";
  half.send("GET /throws-in-a-stream HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(half.at_end());
  gone.get_future().wait();
  gateway.engine.complete(id);
  EXPECT_EQ(stream.reply().status, 200);
}

TEST(EventLoop, AFunctionThatThrowsEndsNothingButItself) {
  EventLoop loop(1);
  const auto strand = loop.make_strand();
  std::promise<void> ran;
  strand->post([] { throw std::runtime_error("posted"); });
  strand->post([&] { ran.set_value(); });
  ran.get_future().wait();
}

// The system's queue took connections that nobody answered, which is what a stopped process looks
// like.
TEST(Server, WithoutDescriptorsTheIdleGoFirstAndThenTheNewcomer) {
  TestGateway gateway;
  HttpClient busy(gateway.port), idle(gateway.port);
  busy.post("/v1/completions", R"({"model":"m","prompt":"x"})");
  const std::string id = gateway.engine.next_request().request;
  wait_for_connections(gateway, 2);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // Our own end of it needs one, the gateway's end another, which is not to be had.
  HttpClient newcomer;
  const int lowest_free = ::dup(0);
  ::close(lowest_free);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest_free);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  newcomer.connect(gateway.port);
  const int status = newcomer.get("/health").status;
  const bool idle_went = idle.at_end();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(status, 200) << "the idle one's descriptor is its own now";
  EXPECT_TRUE(idle_went);

  // Nobody is idle: the busy ones are served, the newcomer is turned away.
  newcomer.post("/v1/completions", R"({"model":"m","prompt":"x"})");
  const std::string second = gateway.engine.next_request().request;
  idle.close();
  HttpClient turned_away;
  const int next_free = ::dup(0);
  ::close(next_free);
  none.rlim_cur = static_cast<rlim_t>(next_free);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  turned_away.connect(gateway.port);
  const bool ended = turned_away.at_end();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(ended) << "and does not wait in the system's queue";
  for (const auto& one : {id, second}) gateway.engine.complete(one);
  EXPECT_EQ(busy.reply().status, 200);
  EXPECT_EQ(newcomer.reply().status, 200);
  HttpClient after(gateway.port);
  EXPECT_EQ(after.get("/health").status, 200) << "with descriptors, all is as before";
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
  HttpClient packed(gateway.port);
  packed.send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(packed.reply().status, 401) << "a body of no interest is not unpacked";
  packed.send(
      "POST / HTTP/1.1\r\nHost: x\r\nX-Who: friend\r\nContent-Encoding: "
      "gzip\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(packed.reply().status, 400);
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

TEST(Address, WhatOnlyThisMachineReaches) {
  for (const char* text : {"127.0.0.1:1", "127.0.0.2:1", "127.255.0.3:1", "[::1]:1", "localhost:1",
                           "[::ffff:127.0.0.1]:1"})
    EXPECT_TRUE(is_loopback(parse_address(text, "f"))) << text;
  for (const char* text : {"0.0.0.0:1", "[::]:1", "192.168.0.1:1", "128.0.0.1:1", "[fe80::1]:1"})
    EXPECT_FALSE(is_loopback(parse_address(text, "f"))) << text;
}

TEST(Address, Parses) {
  EXPECT_EQ(parse_address("127.0.0.1:1338", "f").port, 1338);
  EXPECT_EQ(parse_address("localhost:0", "f").host, "127.0.0.1");
  EXPECT_EQ(to_string(parse_address("[::1]:5", "f")), "[::1]:5");
  // What does not say otherwise is for this machine alone.
  EXPECT_EQ(to_string(parse_address("1338", "f")), "127.0.0.1:1338");
  EXPECT_EQ(to_string(parse_address(":1338", "f")), "127.0.0.1:1338");
  for (const char* text :
       {"", ":", "65536", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:5",
        "[127.0.0.1]:5", "example.com:80", "127.0.0.1:80x"}) {
    EXPECT_THROW(parse_address(text, "f"), Error) << text;
  }
}

}  // namespace
}  // namespace sanctum::gateway
