#include "wire/rpc.h"

#include <gtest/gtest.h>

namespace sanctum::wire {
namespace {

std::string unended(std::string line) {
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  return line;
}

TEST(LineBuffer, GivesWholeLinesHoweverTheyArrive) {
  const std::string text = "one\n\ntwo\nthree";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    LineBuffer buffer;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < text.size(); i += piece) {
      buffer.push(std::string_view(text).substr(i, piece));
      while (auto line = buffer.pop()) lines.push_back(*line);
    }
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "", "two"})) << piece;
    buffer.push("\n");
    EXPECT_EQ(buffer.pop(), "three");
  }
}

TEST(LineBuffer, RefusesALineWithoutEnd) {
  LineBuffer buffer;
  const std::string chunk(1u << 20, 'x');
  std::size_t pushed = 0;
  while (pushed <= kFrameBytesMax - chunk.size()) {
    buffer.push(chunk);
    pushed += chunk.size();
    ASSERT_EQ(buffer.pop(), std::nullopt);
  }
  buffer.push(chunk);
  EXPECT_THROW(buffer.pop(), Error);
}

TEST(Message, RequestNotificationResultAndFailure) {
  const Message request(unended(request_line("7", "generate", R"({"a":"x\ny"})")));
  EXPECT_EQ(request.method, "generate");
  EXPECT_EQ(request.id, "7");
  EXPECT_EQ(request.body().at("a").as_string(), "x\ny");

  const Message notification(unended(notification_line("tokens", "{}")));
  EXPECT_TRUE(notification.id.empty());
  EXPECT_TRUE(notification.body().members().empty());

  const Message result(unended(result_line("\"a\"", "[1]")));
  EXPECT_TRUE(result.method.empty());
  EXPECT_EQ(result.id, "\"a\"");
  EXPECT_EQ(result.body().as_array().size(), 1u);
  EXPECT_FALSE(result.failure.has_value());

  const Message failure(unended(failure_line("7", {ErrorCode::kTooLong, "too long", "messages"})));
  ASSERT_TRUE(failure.failure.has_value());
  EXPECT_EQ(failure.failure->code, ErrorCode::kTooLong);
  EXPECT_EQ(failure.failure->field, "messages");
  EXPECT_THROW(raise(*failure.failure), Error);
}

TEST(Message, PathsStartAtTheParameters) {
  const Message request(unended(request_line("1", "load_model", R"({"model":7})")));
  try {
    request.body().at("model").as_string();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "model");
  }
}

TEST(Message, WithoutParametersTheBodyIsAnEmptyObject) {
  const Message request(R"({"jsonrpc":"2.0","id":1,"method":"stats"})");
  EXPECT_TRUE(request.body().members().empty());
}

TEST(Message, ForeignErrorsKeepTheirMessage) {
  const Message message(
      R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}})");
  EXPECT_EQ(message.failure->message, "no such method");
  EXPECT_EQ(message.failure->code, ErrorCode::kInternal);
}

TEST(Message, RefusesWhatIsNoJsonRpc) {
  for (const char* line :
       {"", "x", "[]", "7", "{}", R"({"id":1,"method":"a"})", R"({"jsonrpc":"1.0","method":"a"})",
        R"({"jsonrpc":"2.0"})", R"({"jsonrpc":"2.0","id":{},"method":"a"})",
        R"({"jsonrpc":"2.0","method":7})", R"({"jsonrpc":"2.0","id":1,"error":"x"})"}) {
    try {
      Message message(line);
      ADD_FAILURE() << line;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt) << line;
    }
  }
}

}  // namespace
}  // namespace sanctum::wire
