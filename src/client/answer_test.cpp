#include "client/answer.h"

#include <gtest/gtest.h>

namespace sanctum::client {
namespace {

using namespace std::chrono_literals;

Answer streamed(const std::vector<std::string>& events) {
  Answer answer;
  StreamReader reader(answer);
  auto now = Instant{} + 1s;
  for (const auto& event : events) reader.event(event, now += 100ms);
  reader.finish();
  return answer;
}

TEST(Answer, WholeCompletion) {
  Answer answer;
  read_completion(
      R"({"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",
    "content":"four"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2},
    "timings":{"queue_us":1,"vision_us":2,"prefill_us":3,"decode_us":4}})",
      answer);
  EXPECT_TRUE(answer.good()) << answer.failure;
  EXPECT_EQ(answer.content, "four");
  EXPECT_EQ(answer.finish_reason, "stop");
  EXPECT_EQ(answer.prompt_tokens, 9);
  EXPECT_EQ(answer.completion_tokens, 2);
  ASSERT_TRUE(answer.timings);
  EXPECT_EQ(answer.timings->prefill_us, 3);
}

TEST(Answer, ToolCallWithNullContent) {
  Answer answer;
  read_completion(
      R"({"choices":[{"message":{"content":null,"tool_calls":[{"id":"c1","type":"function",
    "function":{"name":"get_weather","arguments":"{\"city\":\"Rome\"}"}}]},"finish_reason":"tool_calls"}]})",
      answer);
  ASSERT_TRUE(answer.good()) << answer.failure;
  ASSERT_EQ(answer.tool_calls.size(), 1u);
  EXPECT_EQ(answer.tool_calls[0].name, "get_weather");
  EXPECT_EQ(answer.tool_calls[0].arguments, R"({"city":"Rome"})");
}

TEST(Answer, BodiesThatAreNoCompletionAreFailures) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"choices":[]})", R"({"choices":[{}]})",
                           R"({"choices":[{"message":{"content":"x"}}]})",
                           R"({"choices":[{"message":{"content":7},"finish_reason":"stop"}]})"}) {
    Answer answer;
    read_completion(body, answer);
    EXPECT_FALSE(answer.good()) << body;
  }
}

TEST(Answer, ErrorBodies) {
  Answer answer;
  read_error(400, R"({"error":{"message":"must be positive","param":"max_tokens","code":null}})",
             answer);
  EXPECT_EQ(answer.failure, "HTTP 400: must be positive");
  EXPECT_EQ(answer.field, "max_tokens");
  Answer text;
  read_error(502, "<html>bad gateway</html>", text);
  EXPECT_EQ(text.failure, "HTTP 502: \"<html>bad gateway</html>\"");
  Answer nothing;
  read_error(500, "", nothing);
  EXPECT_EQ(nothing.failure, "HTTP 500: an empty body");
}

TEST(Answer, StreamOfTextKeepsArrivalTimes) {
  const auto answer =
      streamed({R"({"choices":[{"delta":{"role":"assistant","content":""}}]})",
                R"({"choices":[{"delta":{"content":"on"}}]})",
                R"({"choices":[{"delta":{"content":"e"},"finish_reason":null}]})",
                R"({"choices":[{"delta":{},"finish_reason":"stop"}]})",
                R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":3}})", "[DONE]"});
  ASSERT_TRUE(answer.good()) << answer.failure;
  EXPECT_EQ(answer.content, "one");
  EXPECT_EQ(answer.completion_tokens, 3);
  ASSERT_EQ(answer.arrivals.size(), 2u);
  EXPECT_EQ(answer.arrivals[1] - answer.arrivals[0], 100ms);
  EXPECT_DOUBLE_EQ(*answer.tokens_per_s(), 20.0);
}

TEST(Answer, LogprobsOfBothForms) {
  const std::string of_a = R"("logprobs":{"content":[{"token":"a","logprob":-0.5,"bytes":[97]}]})";
  const std::string of_b = R"("logprobs":{"content":[{"token":"b","logprob":-1.25}]})";
  Answer whole;
  read_completion(
      R"({"choices":[{"message":{"content":"a"},)" + of_a + R"(,"finish_reason":"stop"}]})", whole);
  ASSERT_TRUE(whole.good()) << whole.failure;
  ASSERT_EQ(whole.logprobs.size(), 1u);
  EXPECT_EQ(whole.logprobs[0].logprob, -0.5);
  const auto pieces =
      streamed({R"({"choices":[{"delta":{"content":"a"},)" + of_a + "}]}",
                R"({"choices":[{"delta":{"content":"b"},)" + of_b + "}]}",
                R"({"choices":[{"delta":{},"logprobs":null,"finish_reason":"stop"}]})", "[DONE]"});
  ASSERT_TRUE(pieces.good()) << pieces.failure;
  ASSERT_EQ(pieces.logprobs.size(), 2u);
  EXPECT_EQ(pieces.logprobs[1].token, "b");
  EXPECT_EQ(pieces.logprobs[1].logprob, -1.25);
}

TEST(Answer, StreamedToolCallsAreJoinedByIndex) {
  const auto answer = streamed(
      {R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]},"finish_reason":"tool_calls"}]})",
       "[DONE]"});
  ASSERT_TRUE(answer.good()) << answer.failure;
  ASSERT_EQ(answer.tool_calls.size(), 2u);
  EXPECT_EQ(answer.tool_calls[0].arguments, "{\"x\":1}");
  EXPECT_EQ(answer.tool_calls[1].id, "b");
}

TEST(Answer, WhatAStreamLacksIsAFailure) {
  const std::string text = R"({"choices":[{"delta":{"content":"x"}}]})";
  const std::string end = R"({"choices":[{"delta":{},"finish_reason":"stop"}]})";
  EXPECT_EQ(streamed({}).failure, "the stream ended without an answer");
  EXPECT_EQ(streamed({"[DONE]"}).failure, "the stream ended without an answer");
  EXPECT_EQ(streamed({text, "[DONE]"}).failure, "the stream ended without a finish_reason");
  EXPECT_EQ(streamed({text, end}).failure, "the stream ended without [DONE]");
  EXPECT_EQ(streamed({text, R"({"error":{"message":"engine died"}})", end, "[DONE]"}).failure,
            "engine died");
  EXPECT_FALSE(streamed({text, "nonsense", "[DONE]"}).good());
  EXPECT_TRUE(streamed({text, end, "[DONE]"}).good());
}

}  // namespace
}  // namespace sanctum::client
