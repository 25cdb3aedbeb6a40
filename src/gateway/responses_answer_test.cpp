#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "gateway/dialect.h"

namespace sanctum::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kEcho =
    R"({"repeated":{"instructions":"be brief"},"known":{"files__read":{"name":"read","namespace":"files","custom":false},)"
    R"("patch":{"name":"patch","namespace":"","custom":true}},"previous":"resp_0","seals":true,)"
    R"("kept":[{"type":"message","role":"user","content":"hi"}]})";
const Seal kSeal("secret");

std::unique_ptr<AnswerShape> shape(const Seal* seal = nullptr) {
  return kResponsesDialect.shape({"r", "m", 7, false, kEcho, seal});
}

struct Event {
  std::string type, data;
};
std::vector<Event> events(const std::string& bytes) {
  std::vector<Event> all;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = bytes.find("\n\n", at);
    const std::string event = bytes.substr(at, end - at);
    const std::size_t line = event.find('\n');
    all.push_back({event.substr(7, line - 7), event.substr(line + 7)});
    at = end + 2;
  }
  return all;
}
std::vector<std::string> types(const std::string& bytes) {
  std::vector<std::string> all;
  for (const auto& event : events(bytes)) all.push_back(event.type);
  return all;
}

const wire::Completed kCompleted{
    "r", wire::FinishReason::kStop, "", {10, 4, 3, 2}, {1, 2, 3, 4}, {}, {}};

TEST(ResponsesAnswer, Whole) {
  const wire::RowDelta all{"r",
                           {1},
                           "so",
                           "why",
                           {{0, "c1", "files__read", "{}"}, {1, "c2", "patch", R"({"input":"a"})"}},
                           {}};
  const json::Document answer(shape()->whole(all, kCompleted));
  const json::Node root = answer.root();
  EXPECT_EQ(root.at("id").as_string() + root.at("status").as_string(), "resp_rcompleted");
  EXPECT_EQ(root.at("instructions").as_string(), "be brief");
  EXPECT_EQ(
      root.at("output").dump(),
      R"([{"id":"rs_r_0","type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"why"}]},)"
      R"({"id":"msg_r_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"so","annotations":[],"logprobs":[]}]},)"
      R"({"id":"fc_r_2","type":"function_call","status":"completed","call_id":"c1","name":"read","namespace":"files","arguments":"{}"},)"
      R"({"id":"ctc_r_3","type":"custom_tool_call","status":"completed","call_id":"c2","name":"patch","input":"a"}])");
  EXPECT_EQ(root.at("usage").at("input_tokens_details").dump(), R"({"cached_tokens":3})");
}

TEST(ResponsesAnswer, ItemsOfAStreamOpenAndCloseInOrder) {
  const auto answer = shape();
  std::string bytes = answer->opening({});
  bytes += answer->chunk({"r", {1}, "", "why", {}, {}});
  bytes += answer->chunk({"r", {2}, "so", "", {}, {}});
  bytes += answer->chunk({"r", {3}, "", "", {{0, "c1", "files__read", ""}}, {}});
  bytes +=
      answer->chunk({"r", {4}, "", "", {{0, "", "", "{}"}, {1, "c2", "patch", R"({"in)"}}, {}});
  bytes += answer->chunk({"r", {5}, "", "", {{1, "", "", R"(put":"a"})"}}, {}});
  bytes += answer->closing(kCompleted);
  EXPECT_THAT(
      types(bytes),
      ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                  "response.reasoning_text.delta", "response.reasoning_text.done",
                  "response.output_item.done", "response.output_item.added",
                  "response.content_part.added", "response.output_text.delta",
                  "response.output_text.done", "response.content_part.done",
                  "response.output_item.done", "response.output_item.added",
                  "response.function_call_arguments.delta", "response.function_call_arguments.done",
                  "response.output_item.done", "response.output_item.added",
                  "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done",
                  "response.output_item.done", "response.completed"));
  int expected = 0;
  for (const auto& event : events(bytes)) {
    const json::Document data(event.data);
    EXPECT_EQ(data.root().at("type").as_string(), event.type);
    EXPECT_EQ(data.root().at("sequence_number").as_int(), expected++);
  }
  const json::Document last(events(bytes).back().data);
  EXPECT_EQ(last.root().at("response").at("output").as_array().size(), 4u);
}

TEST(ResponsesAnswer, IsKeptAsItIsShown) {
  const auto answer = shape();
  answer->opening({});
  answer->chunk({"r", {1}, "so", "", {}, {}});
  const auto kept = answer->to_keep({}, kCompleted);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->id + " " + kept->previous, "resp_r resp_0");
  EXPECT_EQ(kept->input, R"([{"type":"message","role":"user","content":"hi"}])");
  EXPECT_THAT(kept->output, HasSubstr(R"("text":"so")"));
  answer->was_kept();
  const auto last = events(answer->closing(kCompleted)).back();
  const json::Document said(last.data);
  EXPECT_EQ(said.root().at("response").dump(), kept->object);
  EXPECT_TRUE(said.root().at("response").at("store").as_bool());
  EXPECT_EQ(said.root().at("response").at("previous_response_id").as_string(), "resp_0");
}

TEST(ResponsesAnswer, SaysThatItWasNotKept) {
  const json::Document said(shape()->whole({"r", {1}, "so", "", {}, {}}, kCompleted));
  EXPECT_FALSE(said.root().at("store").as_bool());
}

TEST(ResponsesAnswer, AThoughtIsSealedForWhoAsks) {
  const auto sealed_in = [](const json::Node& item) {
    return kSeal.open(item.at("encrypted_content").as_string()).value_or("(not opened)");
  };
  const json::Document whole(shape(&kSeal)->whole({"r", {1}, "so", "why", {}, {}}, kCompleted));
  EXPECT_EQ(sealed_in(whole.root().at("output").as_array()[0]), "why");
  const auto answer = shape(&kSeal);
  std::string bytes = answer->chunk({"r", {1}, "", "wh", {}, {}});
  bytes += answer->chunk({"r", {1}, "", "y", {}, {}}) + answer->chunk({"r", {1}, "so", "", {}, {}});
  for (const auto& event : events(bytes))
    if (event.type == "response.output_item.done")
      EXPECT_EQ(sealed_in(json::Document(event.data).root().at("item")), "why");
  const json::Document open(shape()->whole({"r", {1}, "so", "why", {}, {}}, kCompleted));
  EXPECT_FALSE(open.root().at("output").as_array()[0].has("encrypted_content"));
}

TEST(ResponsesAnswer, SaysWhyItEnded) {
  wire::Completed cut = kCompleted;
  cut.finish_reason = wire::FinishReason::kLength;
  const auto ended = events(shape()->closing(cut));
  EXPECT_EQ(ended.back().type, "response.incomplete");
  EXPECT_THAT(ended.back().data,
              HasSubstr(R"("incomplete_details":{"reason":"max_output_tokens"})"));
  const auto failed = events(shape()->failed({503, "no engine", "", ""}));
  EXPECT_EQ(failed.back().type, "response.failed");
  EXPECT_THAT(failed.back().data, HasSubstr(R"("message":"no engine")"));
}

}  // namespace
}  // namespace sanctum::gateway
