#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "gateway/dialect.h"

namespace sanctum::gateway {
namespace {

using testing::ElementsAre;

std::unique_ptr<AnswerShape> shape() {
  return kMessagesDialect.shape({"r", "m", 7, false});
}

// "name data" of each event.
std::vector<std::string> events(const std::string& bytes) {
  std::vector<std::string> all;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t end = bytes.find("\n\n", at);
    const std::string event = bytes.substr(at, end - at);
    const std::size_t line = event.find('\n');
    EXPECT_EQ(event.rfind("event: ", 0), 0u) << event;
    const json::Document data(event.substr(line + 7));
    EXPECT_EQ(data.root().at("type").as_string(), event.substr(7, line - 7));
    all.push_back(event.substr(line + 7));
    at = end + 2;
  }
  return all;
}

const wire::Completed kCompleted{
    "r", wire::FinishReason::kStop, "", {10, 4, 3, 2}, {1, 2, 3, 4}, {}, {}};

TEST(MessagesAnswer, Whole) {
  wire::RowDelta all{"r", {1}, "so", "why", {{0, "t1", "f", R"({"a":1})"}, {1, "t2", "g", "{"}},
                     {}};
  wire::Completed completed = kCompleted;
  completed.finish_reason = wire::FinishReason::kToolCalls;
  EXPECT_EQ(
      shape()->whole(all, completed),
      R"({"id":"msg_r","type":"message","role":"assistant","model":"m","content":[)"
      R"({"type":"thinking","thinking":"why","signature":"sanctum"},{"type":"text","text":"so"},)"
      R"({"type":"tool_use","id":"t1","name":"f","input":{"a":1}},)"
      R"({"type":"tool_use","id":"t2","name":"g","input":{"arguments":"{"}}],)"
      R"("stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":7,)"
      R"("cache_creation_input_tokens":0,"cache_read_input_tokens":3,"output_tokens":4}})");
}

TEST(MessagesAnswer, BlocksOfAStreamOpenAndCloseInOrder) {
  const auto answer = shape();
  const auto opening = events(answer->opening({"r", 10, 0, 1, ""}));
  ASSERT_EQ(opening.size(), 2u);
  EXPECT_THAT(opening[0], testing::HasSubstr(R"("usage":{"input_tokens":10,)"));
  std::string bytes = answer->chunk({"r", {1}, "", "wh", {}, {}});
  bytes += answer->chunk({"r", {2}, "so", "y", {}, {}});
  bytes += answer->chunk({"r", {3}, "", "", {{0, "t1", "f", ""}}, {}});
  bytes += answer->chunk({"r", {4}, "", "", {{0, "", "", "{}"}, {1, "t2", "g", "{"}}, {}});
  EXPECT_THAT(
      events(bytes),
      ElementsAre(
          R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})",
          R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"wh"}})",
          R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"y"}})",
          R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sanctum"}})",
          R"({"type":"content_block_stop","index":0})",
          R"({"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}})",
          R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"so"}})",
          R"({"type":"content_block_stop","index":1})",
          R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}})",
          R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}})",
          R"({"type":"content_block_stop","index":2})",
          R"({"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"t2","name":"g","input":{}}})",
          R"({"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{"}})"));
  EXPECT_THAT(
      events(answer->closing(kCompleted)),
      ElementsAre(
          R"({"type":"content_block_stop","index":3})",
          R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":3,"output_tokens":4}})",
          R"({"type":"message_stop"})"));
}

TEST(MessagesAnswer, SaysWhyItEnded) {
  const auto reason = [](wire::FinishReason finish, const std::string& stop) {
    wire::Completed completed = kCompleted;
    completed.finish_reason = finish;
    completed.stop_string = stop;
    const json::Document whole(shape()->whole({}, completed));
    return whole.root().at("stop_reason").as_string() + " " +
           whole.root().as_string_or("stop_sequence", "-");
  };
  EXPECT_EQ(reason(wire::FinishReason::kStop, ""), "end_turn -");
  EXPECT_EQ(reason(wire::FinishReason::kStop, "END"), "stop_sequence END");
  EXPECT_EQ(reason(wire::FinishReason::kLength, ""), "max_tokens -");
}

TEST(MessagesAnswer, ErrorsAreItsOwn) {
  EXPECT_EQ(kMessagesDialect.error({400, "wrong", "", "x"}),
            R"({"type":"error","error":{"type":"invalid_request_error","message":"wrong"}})");
  EXPECT_EQ(
      shape()->failed({503, "full", "", ""}),
      "event: error\n"
      "data: "
      "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"full\"}}\n\n");
}

}  // namespace
}  // namespace sanctum::gateway
