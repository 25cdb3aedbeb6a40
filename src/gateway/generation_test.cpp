#include "gateway/generation.h"

#include <gmock/gmock.h>

#include "gateway/test_gateway.h"

namespace sanctum::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kChat = "/v1/chat/completions";
std::string body(const std::string& more = {}) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + more + "}";
}

class GenerationTest : public testing::Test {
 protected:
  json::Node error_of(const HttpReply& reply) {
    document_ = std::make_unique<json::Document>(reply.body);
    return document_->root().at("error");
  }
  std::unique_ptr<json::Document> document_;
};

TEST_F(GenerationTest, AnswersInOnePiece) {
  TestGateway gateway;
  gateway.engine.answer_at_once();
  HttpClient client(gateway.port);
  client.post(kChat, body());
  const HttpReply reply = client.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("content":"hello")"));
  EXPECT_THAT(reply.body, HasSubstr(R"("timings":{"queue_us":10)"));
  EXPECT_EQ(reply.headers.at("content-type"), "application/json");
  EXPECT_EQ(reply.headers.count("x-request-id"), 1u);
}

TEST_F(GenerationTest, AnAnswerInOnePieceSurvivesAnEngine) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  client.post(kChat, body());
  const std::string id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  gateway.engine.text(id, "hel");
  gateway.engine.interrupt(id);
  gateway.engine.text(id, "lo");
  gateway.engine.complete(id);
  EXPECT_THAT(client.reply().body, HasSubstr(R"("content":"hello")"));
}

TEST_F(GenerationTest, AStreamSurvivesAnEngineAndSaysSoInAComment) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  client.post(kChat, body(R"(,"stream":true)"));
  const std::string id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  gateway.engine.text(id, "one");
  EXPECT_THAT(client.read_until("one"), HasSubstr(R"("content":"one)"));
  gateway.engine.interrupt(id);
  EXPECT_THAT(client.read_until("goes on"), HasSubstr("\n: the engine restarts"));
  gateway.engine.let_wait(id);
  EXPECT_THAT(client.read_until("for the engine"), HasSubstr("\n: waiting"));
  gateway.engine.text(id, "two");
  gateway.engine.complete(id);
  const std::string rest = client.read_until("0\r\n\r\n");
  EXPECT_THAT(rest, HasSubstr(R"("content":"two")"));
  EXPECT_THAT(rest, HasSubstr(R"("finish_reason":"stop")"));
  EXPECT_THAT(rest, Not(HasSubstr("one")));
  EXPECT_THAT(client.get("/metrics").body, HasSubstr("sanctum_requests_interrupted_total 1"));
}

TEST_F(GenerationTest, StreamsAsTokensCome) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  client.post(kChat, body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  const std::string id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  EXPECT_THAT(client.read_until("\n\n"), HasSubstr(R"("role":"assistant")"));
  gateway.engine.text(id, "one");
  EXPECT_THAT(client.read_until("\n\n"), HasSubstr(R"("content":"one")"));
  gateway.engine.text(id, "two");
  EXPECT_THAT(client.read_until("\n\n"), HasSubstr(R"("content":"two")"));
  gateway.engine.complete(id, wire::FinishReason::kLength);
  const std::string rest = client.read_until("0\r\n\r\n");
  EXPECT_THAT(rest, HasSubstr(R"("finish_reason":"length")"));
  EXPECT_THAT(rest, HasSubstr(R"("choices":[],"usage":{"prompt_tokens":5)"));
  EXPECT_THAT(rest, HasSubstr("data: [DONE]\n\n"));
  EXPECT_EQ(client.get("/health").status, 200) << "the connection is kept";
}

TEST_F(GenerationTest, ErrorsBeforeTheFirstByteAreHttpErrors) {
  const std::pair<ErrorCode, int> cases[] = {
      {ErrorCode::kInvalid, 400},     {ErrorCode::kTooLong, 400},  {ErrorCode::kBusy, 429},
      {ErrorCode::kUnavailable, 503}, {ErrorCode::kDeadline, 504}, {ErrorCode::kInternal, 500}};
  TestGateway gateway;
  HttpClient client(gateway.port);
  for (const char* stream : {"", R"(,"stream":true)"}) {
    for (const auto& [code, status] : cases) {
      client.post(kChat, body(stream));
      gateway.engine.fail(gateway.engine.next_request().request, {code, "because", "messages"});
      const HttpReply reply = client.reply();
      EXPECT_EQ(reply.status, status);
      EXPECT_EQ(error_of(reply).at("message").as_string(),
                code == ErrorCode::kTooLong ? "the input exceeds the context window: because"
                                            : "because");
      EXPECT_EQ(error_of(reply).at("param").as_string(), "messages");
      EXPECT_EQ(reply.headers.count("retry-after"), status == 429 || status == 503 ? 1u : 0u);
      if (code == ErrorCode::kTooLong)
        EXPECT_EQ(error_of(reply).at("code").as_string(), "context_length_exceeded");
    }
  }
}

TEST_F(GenerationTest, ErrorsInTheMiddleAreAnEventThenDone) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  client.post(kChat, body(R"(,"stream":true)"));
  const std::string id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  gateway.engine.text(id, "one");
  gateway.engine.fail(id, {ErrorCode::kUnavailable, "the engine died", {}});
  const std::string all = client.read_until("0\r\n\r\n");
  EXPECT_THAT(all,
              HasSubstr(R"(data: {"error":{"message":"the engine died","type":"server_error")"));
  EXPECT_THAT(all, HasSubstr("data: [DONE]\n\n"));
  EXPECT_THAT(all, Not(HasSubstr("finish_reason\":\"")));
}

TEST_F(GenerationTest, AnUnknownModelListsWhatThereIs) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  client.post(kChat, body());
  gateway.engine.fail(gateway.engine.next_request().request, {ErrorCode::kNotFound, "no", "model"});
  const HttpReply reply = client.reply();
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(error_of(reply).at("code").as_string(), "model_not_found");
  EXPECT_EQ(error_of(reply).at("param").as_string(), "model");
  EXPECT_THAT(error_of(reply).at("message").as_string(), HasSubstr("there is m"));
}

TEST_F(GenerationTest, TheEnginesComplaintsNameTheClientsFields) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  const std::pair<const char*, const char*> cases[] = {
      {"sampling.logit_bias", "logit_bias"},
      {"prompt_ids", "prompt"},
      {"messages[0].content[2]", "messages[0].content[2].image_url.url"},
      {"messages[0].role", "messages[0].role"},
      {"messages", "messages"}};
  for (const auto& [engine_field, field] : cases) {
    client.post(kChat, body());
    gateway.engine.fail(gateway.engine.next_request().request,
                        {ErrorCode::kInvalid, "because", engine_field});
    EXPECT_EQ(error_of(client.reply()).at("param").as_string(), field);
  }
}

TEST_F(GenerationTest, BadInputNeverReachesTheEngine) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  const std::pair<std::string, std::string> cases[] = {{"{", ""},
                                                       {body(R"(,"n":2147483648)"), "n"},
                                                       {body(R"(,"temperature":NaN)"), ""},
                                                       {body(R"(,"model":"m")"), ""},
                                                       {std::string(100000, '['), ""},
                                                       {body(R"(,"x":"\ud800")"), ""},
                                                       {body(R"(,"surprise":1)"), "surprise"}};
  for (const auto& [text, field] : cases) {
    client.post(kChat, text);
    const HttpReply reply = client.reply();
    EXPECT_EQ(reply.status, 400) << text.substr(0, 100);
    EXPECT_EQ(error_of(reply).at("type").as_string(), "invalid_request_error");
    EXPECT_EQ(error_of(reply).as_string_or("param", ""), field);
  }
  EXPECT_EQ(gateway.engine.requests(), 0);
}

TEST_F(GenerationTest, AClientThatLeavesCancels) {
  TestGateway gateway;
  for (const char* stream : {"", R"(,"stream":true)"}) {
    HttpClient client(gateway.port);
    client.post(kChat, body(stream));
    const std::string id = gateway.engine.next_request().request;
    gateway.engine.accept(id);
    gateway.engine.text(id, "x");
    client.close();
    EXPECT_TRUE(gateway.engine.wait_for_cancel(id));
    EXPECT_EQ(gateway.gate.running(), 1) << "the place is the engine's until it confirms";
    gateway.engine.complete(id, wire::FinishReason::kCancelled);
    HttpClient other(gateway.port);
    while (gateway.gate.running() > 0) other.get("/health");
  }
}

TEST_F(GenerationTest, BeyondTheQueueIs429WithRetryAfter) {
  TestGateway gateway({1, 1});
  HttpClient first(gateway.port), second(gateway.port), third(gateway.port);
  first.post(kChat, body());
  const std::string id = gateway.engine.next_request().request;
  second.post(kChat, body());
  gateway.engine.next_request();
  third.post(kChat, body());
  const HttpReply reply = third.reply();
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(error_of(reply).at("code").as_string(), "queue_full");
  EXPECT_GE(std::stoi(reply.headers.at("retry-after")), 1);
  gateway.engine.complete(id);
  EXPECT_EQ(first.reply().status, 200);
  third.post(kChat, body());
  gateway.engine.complete(gateway.engine.next_request().request);
  EXPECT_EQ(third.reply().status, 200);
}

TEST_F(GenerationTest, ASlowReaderGetsMergedRowsAndLosesNothing) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  client.post(kChat, body(R"(,"stream":true)"));
  const std::string id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  constexpr int kRows = 20000;
  for (int i = 0; i < kRows; ++i)
    gateway.engine.text(id, "<" + std::to_string(i) + ">" + std::string(100, 'x'));
  gateway.engine.complete(id);
  const std::string all = client.reply().body;
  int events = 0;
  std::string text;
  for (std::size_t at = 0; (at = all.find("\"content\":\"", at)) != std::string::npos; ++events) {
    at += 11;
    const std::size_t end = all.find('"', at);
    text += all.substr(at, end - at);
  }
  std::string expected;
  for (int i = 0; i < kRows; ++i) expected += "<" + std::to_string(i) + ">" + std::string(100, 'x');
  EXPECT_EQ(text, expected);
  EXPECT_LT(events, kRows) << "rows were merged while the client did not read";
}

TEST_F(GenerationTest, AReaderThatNeverReadsIsDropped) {
  TestGateway gateway;
  HttpClient client(gateway.port);
  client.post(kChat, body(R"(,"stream":true)"));
  const std::string id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) gateway.engine.text(id, large);
  EXPECT_TRUE(gateway.engine.wait_for_cancel(id));
}

TEST_F(GenerationTest, AStuckReaderRunsIntoItsLimit) {
  ConnectionLimits limits;
  limits.stuck_reader = std::chrono::milliseconds(50);
  TestGateway gateway({}, limits);
  HttpClient client(gateway.port);
  client.post(kChat, body(R"(,"stream":true)"));
  const std::string id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  const std::string large(7 << 20, 'x');  // within the bound on memory, beyond the sockets' buffers
  gateway.engine.text(id, large);
  EXPECT_TRUE(gateway.engine.wait_for_cancel(id));
}

TEST_F(GenerationTest, OldHttpStreamsUntilClose) {
  TestGateway gateway;
  gateway.engine.answer_at_once();
  HttpClient client(gateway.port);
  const std::string text = body(R"(,"stream":true)");
  client.send("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: " +
              std::to_string(text.size()) + "\r\n\r\n" + text);
  const HttpReply reply = client.reply();
  EXPECT_EQ(reply.headers.count("transfer-encoding"), 0u);
  EXPECT_THAT(reply.body, HasSubstr("data: [DONE]\n\n"));
}

TEST_F(GenerationTest, CompletionsAnswerInTheirOwnForm) {
  TestGateway gateway;
  gateway.engine.answer_at_once();
  HttpClient client(gateway.port);
  client.post("/v1/completions", R"({"model":"m","prompt":"x"})");
  EXPECT_THAT(client.reply().body, HasSubstr(R"("object":"text_completion")"));
}

TEST_F(GenerationTest, CountsWhatItDid) {
  TestGateway gateway;
  gateway.engine.answer_at_once();
  HttpClient client(gateway.port);
  client.post(kChat, body());
  client.reply();
  client.post(kChat, "{");
  client.reply();
  const std::string text = client.get("/metrics").body;
  EXPECT_THAT(text, HasSubstr(R"(sanctum_requests_total{api="chat",status="200"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(sanctum_requests_total{api="chat",status="400"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(sanctum_tokens_total{kind="completion"} 2)"));
  EXPECT_THAT(text, HasSubstr("vllm:num_requests_running 0"));
  EXPECT_THAT(text, HasSubstr("vllm:num_requests_waiting 0"));
  EXPECT_THAT(text, HasSubstr(R"(sanctum_model_ready{model="m"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(sanctum_request_phase_seconds_count{phase="decode"} 1)"));
}

}  // namespace
}  // namespace sanctum::gateway
