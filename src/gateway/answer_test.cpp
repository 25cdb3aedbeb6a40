#include "gateway/answer.h"

#include <gtest/gtest.h>

namespace sanctum::gateway {
namespace {

const wire::Completed kCompleted{"r", "stop", "", {10, 4, 3, 2}, {1, 2, 3, 4}, {}, {}};
constexpr const char* kTimings =
    R"("timings":{"queue_us":1,"vision_us":2,"prefill_us":3,"decode_us":4,"prompt_n":10,"image_n":2,"decode_n":4})";
constexpr const char* kUsage =
    R"("usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,)"
    R"("prompt_tokens_details":{"cached_tokens":3,"image_tokens":2}})";

AnswerHead head(bool usage) {
  return {"r", "m", 7, usage};
}
const std::string kChunk =
    R"({"id":"chatcmpl-r","object":"chat.completion.chunk","created":7,"model":"m","choices":)";

TEST(ChatAnswer, Whole) {
  wire::RowDelta all{"r", {1}, "h\xc3\xa9", "why", {}, {}};
  EXPECT_EQ(
      chat_answer(head(false))->whole(all, kCompleted),
      R"({"id":"chatcmpl-r","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":)"
      R"({"role":"assistant","content":"hé","refusal":null,"reasoning_content":"why"},"logprobs":null,)"
      R"("finish_reason":"stop"}],)" +
          std::string(kUsage) + "," + kTimings + "}");
}

TEST(ChatAnswer, ToolCallsLeaveContentNull) {
  wire::RowDelta all;
  merge(all, {"r", {}, "", "", {{0, "call_1", "f", ""}}, {}});
  merge(all, {"r", {}, "", "", {{0, "", "", "{\"a\""}}, {}});
  merge(all, {"r", {}, "", "", {{0, "", "", ":1}"}, {1, "call_2", "g", "{}"}}, {}});
  const json::Document document(chat_answer(head(false))->whole(all, kCompleted));
  const json::Node message = document.root().at("choices").as_array()[0].at("message");
  EXPECT_FALSE(message.has("content"));
  EXPECT_EQ(message.at("tool_calls").dump(),
            R"([{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},)"
            R"({"id":"call_2","type":"function","function":{"name":"g","arguments":"{}"}}])");
}

TEST(ChatAnswer, Stream) {
  const auto shape = chat_answer(head(true));
  EXPECT_EQ(
      shape->opening(),
      std::vector<std::string>{kChunk + R"([{"index":0,"delta":{"role":"assistant","content":""},)"
                                        R"("logprobs":null,"finish_reason":null}],"usage":null})"});
  EXPECT_EQ(
      shape->chunk({"r", {1}, "x", "", {{0, "call_1", "f", "{"}}, {}}),
      kChunk +
          R"([{"index":0,"delta":{"content":"x","tool_calls":[{"index":0,"id":"call_1","type":"function",)"
          R"("function":{"name":"f","arguments":"{"}}]},"logprobs":null,"finish_reason":null}],"usage":null})");
  const auto closing = shape->closing(kCompleted);
  ASSERT_EQ(closing.size(), 2u);
  EXPECT_EQ(closing[0],
            kChunk +
                R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null,)" +
                kTimings + "}");
  EXPECT_EQ(closing[1], kChunk + "[]," + kUsage + "," + kTimings + "}");
  EXPECT_EQ(chat_answer(head(false))->closing(kCompleted).size(), 1u);
}

TEST(ChatAnswer, LogprobsGiveBytesOfPartialCharacters) {
  wire::RowDelta row;
  row.logprobs = {{{4, "\xc3", -0.5}, {{4, "\xc3", -0.5}, {5, "x", -2}}}};
  const json::Document document(chat_answer(head(false))->chunk(row));
  const json::Node first =
      document.root().at("choices").as_array()[0].at("logprobs").at("content").as_array()[0];
  EXPECT_EQ(first.at("token").as_string(), "\xEF\xBF\xBD");
  EXPECT_EQ(first.at("bytes").dump(), "[195]");
  EXPECT_EQ(first.at("logprob").as_double(), -0.5);
  EXPECT_EQ(first.at("top_logprobs").as_array()[1].at("token").as_string(), "x");
}

TEST(CompletionAnswer, WholeAndStream) {
  wire::RowDelta row{"r",  {1, 2},
                     "ab", "",
                     {},   {{{1, "a", -1}, {{1, "a", -1}, {3, "b", -3}}}, {{2, "b", -2}, {}}}};
  EXPECT_EQ(
      completion_answer(head(false))->whole(row, kCompleted),
      R"({"id":"cmpl-r","object":"text_completion","created":7,"model":"m","choices":[{"index":0,"text":"ab",)"
      R"("logprobs":{"tokens":["a","b"],"token_logprobs":[-1,-2],"top_logprobs":[{"a":-1,"b":-3},{}],)"
      R"("text_offset":[0,1]},"finish_reason":"stop"}],)" +
          std::string(kUsage) + "," + kTimings + "}");
  const auto shape = completion_answer(head(false));
  EXPECT_TRUE(shape->opening().empty());
  shape->chunk(row);
  EXPECT_NE(shape->chunk(row).find(R"("text_offset":[2,3])"), std::string::npos);
}

TEST(CompletionAnswer, TokensThatLookAlikeMakeNoDuplicateKeys) {
  wire::RowDelta row;
  row.logprobs = {{{4, "\xc3", -0.5}, {{4, "\xc3", -0.5}, {5, "\xc4", -2}}}};
  json::Document(completion_answer(head(false))->chunk(row));
}

}  // namespace
}  // namespace sanctum::gateway
