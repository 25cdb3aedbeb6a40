#include "gateway/anthropic_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "gateway/test_requests.h"

namespace sanctum::gateway {
namespace {

constexpr const char* kPixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

struct Decoded {
  ApiRequest request;
  std::string ignored;
};
Decoded decode(const std::string& text) {
  FieldNotes notes;
  ApiRequest request = decode_messages_request(json::Document(text).root(), notes);
  return {std::move(request), notes.ignored_list()};
}
std::string with(const std::string& messages, const std::string& more = {}) {
  return R"({"model":"m","max_tokens":9,"messages":[)" + messages + "]" +
         (more.empty() ? "" : "," + more) + "}";
}
constexpr const char* kHi = R"({"role":"user","content":"hi"})";

std::string refused_field(const std::string& text) {
  return field_refused_by(decode, text);
}

TEST(MessagesRequest, MinimalAndFull) {
  const auto minimal = decode(with(kHi)).request.generate;
  EXPECT_EQ(minimal.model, "m");
  EXPECT_EQ(minimal.messages_json, R"([{"role":"user","content":"hi"}])");
  EXPECT_EQ(minimal.sampling.max_tokens, 9);
  const auto full = decode(with(
      kHi,
      R"("stream":true,"system":"be brief","stop_sequences":["x"],"temperature":0.5,"top_k":3,"thinking":{"type":"adaptive"},
         "output_config":{"effort":"low"},"tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto"})"));
  EXPECT_TRUE(full.request.stream);
  EXPECT_EQ(full.request.generate.messages_json,
            R"([{"role":"system","content":"be brief"},{"role":"user","content":"hi"}])");
  EXPECT_EQ(
      full.request.generate.tools_json,
      R"([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}])");
  EXPECT_EQ(full.request.generate.template_options_json,
            R"({"enable_thinking":true,"reasoning_effort":"low"})");
  EXPECT_EQ(full.request.generate.sampling.stop, std::vector<std::string>{"x"});
}

// Its hash differs in each request: no prefix was found again.
TEST(MessagesRequest, TheBillingHeaderIsNoPartOfThePrompt) {
  const auto of = [](const std::string& hash) {
    return decode(with(
        kHi, R"("system":[{"type":"text","text":"x-anthropic-billing-header: cch=)" + hash +
                 R"(;"},{"type":"text","text":"You are.","cache_control":{"type":"ephemeral"}}])"));
  };
  EXPECT_EQ(of("1").request.generate.messages_json,
            R"([{"role":"system","content":"You are."},{"role":"user","content":"hi"}])");
  EXPECT_EQ(of("1").request.generate.messages_json, of("2").request.generate.messages_json);
  EXPECT_EQ(of("1").ignored, "system[], system[].cache_control");
}

TEST(MessagesRequest, CallsAndTheirResultsAreMessagesOfTheirOwn) {
  const auto decoded = decode(with(
      std::string(kHi) +
      R"(,{"role":"assistant","content":[{"type":"thinking","thinking":"why","signature":"s"},{"type":"text","text":"so"},
            {"type":"tool_use","id":"t1","name":"f","input":{"a":1}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"1"},{"type":"text","text":"2"}]},
            {"type":"text","text":"go on"}]},
          {"role":"system","content":"remember"})"));
  EXPECT_EQ(
      decoded.request.generate.messages_json,
      R"([{"role":"user","content":"hi"},)"
      R"({"role":"assistant","content":"so","reasoning_content":"why","tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":{"a":1}}}]},)"
      R"({"role":"tool","tool_call_id":"t1","content":"1\n2"},)"
      R"({"role":"user","content":"go on\nremember"}])");
}

TEST(MessagesRequest, PicturesAreTakenOutInOrder) {
  const auto decoded = decode(with(
      R"({"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":")" +
      std::string(kPixel) + R"("}},{"type":"text","text":"what?"}]})"));
  EXPECT_EQ(decoded.request.generate.messages_json,
            R"([{"role":"user","content":[{"type":"image"},{"type":"text","text":"what?"}]}])");
  EXPECT_EQ(decoded.request.generate.images.size(), 1u);
}

TEST(MessagesRequest, WhatIsHostedElsewhereIsIgnoredAndNamed) {
  const auto decoded = decode(with(
      kHi,
      R"("tools":[{"type":"web_search_20250305","name":"web_search"}],"metadata":{},"context_management":{"edits":[]})"));
  EXPECT_EQ(decoded.ignored, "metadata, context_management, tools[] web_search_20250305");
  EXPECT_TRUE(decoded.request.generate.tools_json.empty());
}

TEST(MessagesRequest, WrongOnesNameTheirField) {
  const std::pair<std::string, std::string> cases[] = {
      {"[]", ""},
      {R"({"max_tokens":1})", "messages"},
      {R"({"messages":[{"role":"user","content":"x"}]})", "max_tokens"},
      {with("", ""), "messages"},
      {with(R"({"role":"tool","content":"x"})"), "messages[0].role"},
      {with(R"({"role":"user","content":[{"type":"smell"}]})"), "messages[0].content[0].type"},
      {with(std::string(kHi) + R"(,{"role":"assistant","content":"pre"})"), "messages[1].role"},
      {with(
           R"({"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://x"}}]})"),
       "messages[0].content[0].source.url"},
      {with(kHi, R"("max_tokens_to_sample":3)"), "max_tokens_to_sample"},
      {with(kHi, R"("temperature":3)"), "temperature"},
      {with(kHi, R"("thinking":{"type":"deep"})"), "thinking.type"},
      {with(kHi, R"("tools":[{"type":"bash_20250124","name":"bash"}])"), "tools[0].type"},
      {with(kHi, R"("tools":[{"name":"a b","input_schema":{}}])"), "tools[0].name"},
      {with(kHi, R"("tools":[{"name":"f"}])"), "tools[0].input_schema"},
      {with(kHi, R"("tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"all"})"),
       "tool_choice.type"},
      {with(kHi,
            R"("tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool","name":"g"})"),
       "tool_choice.name"},
      {with(kHi, R"("output_config":{"format":{"type":"text"}})"), "output_config.format.type"},
      {with(kHi, R"("mcp_servers":[{}])"), "mcp_servers"},
  };
  for (const auto& [text, field] : cases) EXPECT_EQ(refused_field(text), field) << text;
}

}  // namespace
}  // namespace sanctum::gateway
