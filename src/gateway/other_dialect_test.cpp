// A third dialect, which has nothing in common with the others: it is this file alone.
#include <gmock/gmock.h>

#include "gateway/dialect.h"
#include "gateway/test_gateway.h"

namespace sanctum::gateway {
namespace {

using testing::HasSubstr;

constexpr const char* kPath = "/other";

// {"ask":"text","to":"model","live":true}
ApiRequest decode(const json::Node& root, Decoding&) {
  ApiRequest request;
  request.generate.prompt = root.at("ask").as_string();
  request.generate.model = root.at("to").as_string();
  request.stream = root.as_bool_or("live", false);
  return request;
}

// Lines, each with a letter for what it is.
class Lines : public AnswerShape {
 public:
  explicit Lines(AnswerHead head) : head_(std::move(head)) {}
  std::string stream_type() const override { return "text/x-lines"; }
  std::string opening(const wire::Accepted&) override { return "B" + head_.model + "\n"; }
  std::string chunk(const wire::RowDelta& row) override { return "T" + row.content + "\n"; }
  std::string closing(const wire::Completed& completed) override {
    return "E" + std::string(to_string(completed.finish_reason)) + "\n";
  }
  std::string failed(const ApiError& error) override { return "F" + error.message + "\n"; }
  std::string quiet(Quiet) override { return "Q\n"; }
  std::string whole(const wire::RowDelta& all, const wire::Completed&) override {
    return R"({"said":)" + json::quote(all.content) + "}";
  }

 private:
  const AnswerHead head_;
};

const Dialect kOther{"other", decode,
                     [](AnswerHead head) -> std::unique_ptr<AnswerShape> {
                       return std::make_unique<Lines>(std::move(head));
                     },
                     [](const ApiError& error) {
                       return R"({"wrong":)" + json::quote(error.message) + R"(,"where":)" +
                              json::quote(error.field) + "}";
                     },
                     [](const std::string& field) { return field == "prompt" ? "ask" : field; }};

class OtherDialect : public testing::Test {
 protected:
  OtherDialect() { add_dialect(gateway.router, gateway.services, kPath, kOther); }
  TestGateway gateway;
};

TEST_F(OtherDialect, AnswersWholeInItsOwnForm) {
  HttpClient client(gateway.port);
  client.post(kPath, R"({"ask":"x","to":"m"})");
  const auto id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  gateway.engine.text(id, "hello");
  gateway.engine.complete(id);
  EXPECT_EQ(client.reply().body, R"({"said":"hello"})");
}

TEST_F(OtherDialect, StreamsItsOwnEventsToItsOwnEnd) {
  HttpClient client(gateway.port);
  client.post(kPath, R"({"ask":"x","to":"m","live":true})");
  const auto id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  gateway.engine.text(id, "hello");
  gateway.engine.complete(id);
  const HttpReply reply = client.reply();
  EXPECT_EQ(reply.headers.at("content-type"), "text/x-lines");
  EXPECT_EQ(reply.body, "Bm\nThello\nEstop\n");
}

TEST_F(OtherDialect, EveryErrorOnItsPathIsItsOwn) {
  HttpClient client(gateway.port);
  client.post(kPath, R"({"to":"m"})");
  EXPECT_THAT(client.reply().body, HasSubstr(R"("where":"ask"})"));
  client.post(kPath, "{");
  EXPECT_THAT(client.reply().body, HasSubstr(R"({"wrong":)"));
  EXPECT_THAT(client.get(kPath).body, HasSubstr(R"({"wrong":"/other does not take GET")"));
  client.post("/v1/completions", "{");
  EXPECT_THAT(client.reply().body, HasSubstr(R"({"error":{)"));
}

}  // namespace
}  // namespace sanctum::gateway
