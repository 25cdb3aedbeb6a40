#include "gateway/answer.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "gateway/dialect.h"

namespace sanctum::gateway {
namespace {

// Without the release's name, which every one of them has.
std::string without_release(std::string text) {
  constexpr std::string_view kBegin = "\"system_fingerprint\":\"sanctum-";
  const std::size_t at = text.find(kBegin);
  if (at != std::string::npos) text.erase(at, text.find("\",", at + kBegin.size()) + 2 - at);
  return text;
}

// The events of a stream's bytes.
std::vector<std::string> events(const std::string& bytes) {
  constexpr std::string_view kBegin = "data: ", kEnd = "\n\n";
  std::vector<std::string> all;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t end = bytes.find(kEnd, at);
    EXPECT_EQ(bytes.compare(at, kBegin.size(), kBegin), 0) << bytes;
    all.push_back(without_release(bytes.substr(at + kBegin.size(), end - at - kBegin.size())));
    at = end + kEnd.size();
  }
  return all;
}

std::unique_ptr<AnswerShape> chat_answer(AnswerHead head) {
  return kChatDialect.shape(std::move(head));
}
std::unique_ptr<AnswerShape> completion_answer(AnswerHead head) {
  return kCompletionDialect.shape(std::move(head));
}

const wire::Completed kCompleted{
    "r", wire::FinishReason::kStop, "", {10, 4, 3, 2}, {1, 2, 3, 4}, {}, {}};
constexpr const char* kTimings =
    R"("timings":{"queue_us":1,"vision_us":2,"prefill_us":3,"decode_us":4,"prompt_n":10,"image_n":2,"decode_n":4})";
constexpr const char* kUsage =
    R"("usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,)"
    R"("prompt_tokens_details":{"cached_tokens":3,"image_tokens":2},)"
    R"("completion_tokens_details":{"reasoning_tokens":0}})";

AnswerHead head(bool usage) {
  return {"r", "m", 7, usage};
}
const std::string kChunk =
    R"({"id":"chatcmpl-r","object":"chat.completion.chunk","created":7,"model":"m","choices":)";

TEST(ChatAnswer, Whole) {
  wire::RowDelta all{"r", {1}, "h\xc3\xa9", "why", {}, {}};
  EXPECT_EQ(
      without_release(chat_answer(head(false))->whole(all, kCompleted)),
      R"({"id":"chatcmpl-r","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":)"
      R"({"role":"assistant","content":"hé","refusal":null,"reasoning_content":"why"},"logprobs":null,)"
      R"("finish_reason":"stop"}],)" +
          std::string(kUsage) + "," + kTimings + "}");
}

TEST(ChatAnswer, NamesTheRelease) {
  EXPECT_NE(
      chat_answer(head(false))->whole({}, kCompleted).find(R"("system_fingerprint":"sanctum-)"),
      std::string::npos);
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
      events(shape->opening({})),
      std::vector<std::string>{kChunk + R"([{"index":0,"delta":{"role":"assistant","content":""},)"
                                        R"("logprobs":null,"finish_reason":null}],"usage":null})"});
  EXPECT_EQ(
      events(shape->chunk({"r", {1}, "x", "", {{0, "call_1", "f", "{"}}, {}})).at(0),
      kChunk +
          R"([{"index":0,"delta":{"content":"x","tool_calls":[{"index":0,"id":"call_1","type":"function",)"
          R"("function":{"name":"f","arguments":"{"}}]},"logprobs":null,"finish_reason":null}],"usage":null})");
  const auto closing = events(shape->closing(kCompleted));
  ASSERT_EQ(closing.size(), 3u);
  EXPECT_EQ(closing[0],
            kChunk +
                R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null,)" +
                kTimings + "}");
  EXPECT_EQ(closing[1], kChunk + "[]," + kUsage + "," + kTimings + "}");
  EXPECT_EQ(closing[2], "[DONE]");
  EXPECT_EQ(events(chat_answer(head(false))->closing(kCompleted)).size(), 2u);
  const auto failed = events(shape->failed({503, "no engine", "unavailable", ""}));
  ASSERT_EQ(failed.size(), 2u);
  EXPECT_EQ(failed[0], R"({"error":{"message":"no engine","type":"server_error","param":null,)"
                       R"("code":"unavailable"}})");
  EXPECT_EQ(failed[1], "[DONE]");
}

TEST(ChatAnswer, LogprobsGiveBytesOfPartialCharacters) {
  wire::RowDelta row;
  row.logprobs = {{{4, "\xc3", -0.5}, {{4, "\xc3", -0.5}, {5, "x", -2}}}};
  const json::Document document(events(chat_answer(head(false))->chunk(row)).at(0));
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
      without_release(completion_answer(head(false))->whole(row, kCompleted)),
      R"({"id":"cmpl-r","object":"text_completion","created":7,"model":"m","choices":[{"index":0,"text":"ab",)"
      R"("logprobs":{"tokens":["a","b"],"token_logprobs":[-1,-2],"top_logprobs":[{"a":-1,"b":-3},{}],)"
      R"("text_offset":[0,1]},"finish_reason":"stop"}],)" +
          std::string(kUsage) + "," + kTimings + "}");
  const auto shape = completion_answer(head(false));
  EXPECT_TRUE(shape->opening({}).empty());
  shape->chunk(row);
  EXPECT_NE(shape->chunk(row).find(R"("text_offset":[2,3])"), std::string::npos);
}

TEST(CompletionAnswer, TokensThatLookAlikeMakeNoDuplicateKeys) {
  wire::RowDelta row;
  row.logprobs = {{{4, "\xc3", -0.5}, {{4, "\xc3", -0.5}, {5, "\xc4", -2}}}};
  json::Document(events(completion_answer(head(false))->chunk(row)).at(0));
}

}  // namespace
}  // namespace sanctum::gateway
