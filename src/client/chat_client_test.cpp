#include "client/chat_client.h"

#include <gtest/gtest.h>

#include <future>

#include "base/error.h"
#include "client/small_server.h"

namespace sanctum::client {
namespace {

using namespace std::chrono_literals;
using Request = SmallServer::Request;
using Peer = SmallServer::Peer;

constexpr const char* kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunked(const std::string& text) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}
std::string delta(const std::string& text) {
  return "data: {\"choices\":[{\"delta\":{\"content\":\"" + text + "\"}}]}\n\n";
}
const std::string kStop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

ChatRequest question(bool stream) {
  return {.model = "m",
          .messages_json = R"([{"role":"user","content":"hi"}])",
          .tools_json = {},
          .max_tokens = 5,
          .temperature = 0.0,
          .stream = stream};
}

// A question in the middle of an engine's restart failed before it was asked.
TEST(ChatClient, AServerWithoutAnEngineIsAskedAgainForItsModels) {
  int asked = 0;
  SmallServer server([&](const Request&, Peer& peer) {
    if (++asked < 3)
      peer.write(
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 2\r\n\r\n{}");
    else
      peer.write(response(200, "application/json", R"({"data":[{"id":"m"}]})"));
  });
  ChatClient client({.url = server.url()});
  EXPECT_EQ(client.choose_model(""), "m");
  EXPECT_EQ(asked, 3);
}

TEST(ChatClient, EncodesOnlyWhatWasSet) {
  EXPECT_EQ(encode({.model = "m", .messages_json = "[]"}), R"({"model":"m","messages":[]})");
  EXPECT_EQ(encode(question(true)),
            R"({"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":5,)"
            R"("temperature":0,"stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(encode({.model = "m", .messages_json = "[]", .seed = 7, .logprobs = true}),
            R"({"model":"m","messages":[],"seed":7,"logprobs":true})");
}

TEST(ChatClient, WholeAnswersOverOneConnection) {
  int requests = 0;
  std::string body;
  SmallServer server([&](const Request& request, Peer& peer) {
    ++requests;
    body = request.body;
    peer.write(response(200, "application/json",
                        R"({"choices":[{"message":{"content":"yes"},"finish_reason":"stop"}]})"));
  });
  ChatClient client({.url = server.url()});
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.chat(question(false));
    EXPECT_TRUE(answer.good()) << answer.failure;
    EXPECT_EQ(answer.content, "yes");
    EXPECT_LE(answer.sent, answer.ended);
  }
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(body, encode(question(false)));
}

TEST(ChatClient, StreamedPiecesArriveOneByOne) {
  std::promise<void> first_heard;
  SmallServer server([&](const Request&, Peer& peer) {
    peer.write(kStreamHead + chunked(delta("a")));
    // The second piece is written only after the first one was heard.
    ASSERT_EQ(first_heard.get_future().wait_for(10s), std::future_status::ready);
    peer.write(chunked(delta("b") + kStop) + chunked("data: [DONE]\n\n") + "0\r\n\r\n");
  });
  ChatClient client({.url = server.url()});
  std::string heard;
  const auto answer = client.chat(question(true), [&](const Added& piece) {
    if (heard.empty()) first_heard.set_value();
    heard += piece.content;
  });
  EXPECT_TRUE(answer.good()) << answer.failure;
  EXPECT_EQ(heard, "ab");
  EXPECT_EQ(answer.content, "ab");
  EXPECT_EQ(answer.arrivals.size(), 2u);
}

TEST(ChatClient, ConnectionCutMidStream) {
  SmallServer server([](const Request&, Peer& peer) {
    peer.write(kStreamHead + chunked(delta("a")));
    peer.hang_up();
  });
  ChatClient client({.url = server.url()});
  const auto answer = client.chat(question(true));
  EXPECT_EQ(answer.ending, Ending::kBroken);
  EXPECT_FALSE(answer.good());
  EXPECT_EQ(answer.content, "a") << "what came is kept";
}

TEST(ChatClient, RefusalTellsWhenToComeBack) {
  SmallServer server([](const Request&, Peer& peer) {
    peer.write(response(429, "application/json", R"({"error":{"message":"queue full"}})",
                        "Retry-After: 3\r\n"));
  });
  ChatClient client({.url = server.url()});
  const auto answer = client.chat(question(true));
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.failure, "HTTP 429: queue full");
  EXPECT_EQ(answer.retry_after, Milliseconds(3000));
}

TEST(ChatClient, CancellingClosesTheConnection) {
  std::promise<bool> closed;
  SmallServer server([&](const Request&, Peer& peer) {
    peer.write(kStreamHead + chunked(delta("a")));
    closed.set_value(peer.closed_by_client());
  });
  std::atomic<bool> cancelled{false};
  ChatClient client({.url = server.url()});
  const auto answer =
      client.chat(question(true), [&](const Added&) { cancelled = true; }, &cancelled);
  EXPECT_EQ(answer.ending, Ending::kCancelled);
  EXPECT_EQ(answer.content, "a");
  EXPECT_TRUE(closed.get_future().get());
}

TEST(ChatClient, SilenceHasALimit) {
  SmallServer server([](const Request&, Peer& peer) { peer.closed_by_client(); });
  ChatClient client({.url = server.url()}, {.silence = 200ms});
  const auto answer = client.chat(question(false));
  EXPECT_EQ(answer.ending, Ending::kDeadline);
  EXPECT_GE(microseconds_between(answer.sent, answer.ended), 200'000);
}

TEST(ChatClient, TheWholeAnswerHasALimit) {
  SmallServer server([](const Request&, Peer& peer) { peer.closed_by_client(); });
  ChatClient client({.url = server.url()}, {.total = 200ms});
  EXPECT_EQ(client.chat(question(false)).ending, Ending::kDeadline);
}

TEST(ChatClient, NobodyListening) {
  std::string url;
  {
    url = SmallServer([](const Request&, Peer&) {}).url();
  }
  ChatClient client({.url = url});
  EXPECT_EQ(client.chat(question(false)).ending, Ending::kUnreachable);
  try {
    client.models();
    FAIL() << "a list came from nobody";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
    EXPECT_NE(std::string(error.what()).find("sanctum serve"), std::string::npos) << error.what();
  }
}

TEST(ChatClient, AnEndlessEventEndsTheAnswer) {
  SmallServer server([](const Request&, Peer& peer) {
    peer.write(kStreamHead);
    const auto piece = chunked("data: " + std::string(1 << 20, 'x'));
    for (int i = 0; i < 20; ++i) peer.write(piece);
    peer.closed_by_client();
  });
  ChatClient client({.url = server.url()});
  const auto answer = client.chat(question(true));
  EXPECT_EQ(answer.ending, Ending::kBroken);
  EXPECT_FALSE(answer.good());
}

TEST(ChatClient, ModelsInTheServersOrder) {
  SmallServer server([](const Request& request, Peer& peer) {
    EXPECT_EQ(request.head.rfind("GET /v1/models ", 0), 0u);
    EXPECT_NE(request.head.find("Authorization: Bearer k"), std::string::npos);
    peer.write(response(200, "application/json", R"({"data":[{"id":"b"},{"id":"a"}]})"));
  });
  ChatClient client({.url = server.url(), .bearer = "k"});
  EXPECT_EQ(client.models(), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(client.choose_model(""), "b");
  EXPECT_EQ(client.choose_model("x"), "x");
}

}  // namespace
}  // namespace sanctum::client
