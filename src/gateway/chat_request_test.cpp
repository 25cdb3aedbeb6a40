#include <gtest/gtest.h>

#include "base/base64.h"
#include "gateway/api_request.h"
#include "gateway/test_requests.h"

namespace sanctum::gateway {
namespace {

constexpr const char* kPixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

ApiRequest decode(const std::string& text) {
  FieldNotes notes;
  return decode_chat_request(json::Document(text).root(), notes);
}

std::string ignored(const std::string& text) {
  FieldNotes notes;
  decode_chat_request(json::Document(text).root(), notes);
  return notes.ignored_list();
}

// A valid request with `more` members.
std::string with(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" +
         (more.empty() ? "" : "," + more) + "}";
}
std::string with_message(const std::string& message) {
  return R"({"model":"m","messages":[)" + message + "]}";
}

std::string refused_field(const std::string& text) {
  return field_refused_by(decode, text);
}

TEST(ChatRequest, MinimalAndFull) {
  const ApiRequest minimal = decode(with(""));
  EXPECT_EQ(minimal.generate.model, "m");
  EXPECT_EQ(minimal.generate.messages_json, R"([{"role":"user","content":"hi"}])");
  EXPECT_FALSE(minimal.stream);
  EXPECT_TRUE(minimal.generate.sampling.seed.has_value()) << "the gateway draws the seed";
  EXPECT_EQ(minimal.generate.sampling.top_logprobs, -1);

  const ApiRequest full = decode(with(
      R"("stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"max_completion_tokens":9,
         "logprobs":true,"top_logprobs":3,"seed":4,"stop":["a"],"user":"u","metadata":{},"store":false,"n":1,
         "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"tool_choice":"auto",
         "response_format":{"type":"text"},"audio":null,"chat_template_kwargs":{"enable_thinking":false})"));
  EXPECT_TRUE(full.stream);
  EXPECT_TRUE(full.include_usage);
  EXPECT_EQ(full.generate.sampling.max_tokens, 9);
  EXPECT_EQ(full.generate.sampling.top_logprobs, 3);
  EXPECT_EQ(full.generate.sampling.seed, 4u);
  EXPECT_TRUE(full.generate.parse_tool_calls);
  EXPECT_EQ(full.generate.template_options_json, R"({"enable_thinking":false})");
}

TEST(ChatRequest, PicturesAreTakenOutInOrder) {
  const std::string url =
      std::string(R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)") + kPixel +
      "\"}}";
  const ApiRequest request = decode(with_message(R"({"role":"user","content":[)" + url +
                                                 R"(,{"type":"text","text":"and"},)" + url + "]}"));
  ASSERT_EQ(request.generate.images.size(), 2u);
  EXPECT_EQ(base64_encode(request.generate.images[1]), kPixel);
  EXPECT_EQ(
      request.generate.messages_json,
      R"([{"role":"user","content":[{"type":"image"},{"type":"text","text":"and"},{"type":"image"}]}])");
}

TEST(ChatRequest, AToolsResultMayHoldPictures) {
  const std::string url = R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
                          std::string(kPixel) + "\"}}";
  const ApiRequest request = decode(with_message(
      R"({"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"a"},)" + url + "]}"));
  ASSERT_EQ(request.generate.images.size(), 1u);
  EXPECT_EQ(request.generate.messages_json,
            R"([{"role":"tool","content":[{"type":"text","text":"a"},{"type":"image"}],)"
            R"("tool_call_id":"c1"}])");
}

TEST(ChatRequest, MessagesAreBroughtIntoTheTemplatesForm) {
  const ApiRequest request = decode(
      R"({"model":"m","messages":[{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
          {"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"c1","type":"function",
           "function":{"name":"f","arguments":"{\"x\": 1}"}}]},
          {"role":"tool","tool_call_id":"c1","content":"ok"}]})");
  EXPECT_EQ(
      request.generate.messages_json,
      R"([{"role":"system","content":"a\nb"},{"role":"assistant","content":"","tool_calls":[{"id":"c1",)"
      R"("type":"function","function":{"name":"f","arguments":{"x":1}}}]},)"
      R"({"role":"tool","content":"ok","tool_call_id":"c1"}])");
}

TEST(ChatRequest, ToolChoiceNoneHidesTheTools) {
  const ApiRequest request =
      decode(with(R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none")"));
  EXPECT_TRUE(request.generate.tools_json.empty());
  EXPECT_FALSE(request.generate.parse_tool_calls);
}

TEST(ChatRequest, EveryRefusalNamesItsField) {
  const std::pair<std::string, const char*> cases[] = {
      {"[]", ""},
      {"{}", "messages"},
      {R"({"model":7,"messages":[]})", "model"},
      {R"({"model":"","messages":[]})", "model"},
      {R"({"model":"m"})", "messages"},
      {R"({"model":"m","messages":[]})", "messages"},
      {R"({"model":"m","messages":"hi"})", "messages"},
      {with_message("7"), "messages[0]"},
      {with_message("{}"), "messages[0].role"},
      {with_message(R"({"role":"king","content":"x"})"), "messages[0].role"},
      {with_message(R"({"role":"user"})"), "messages[0].content"},
      {with_message(R"({"role":"user","content":null})"), "messages[0].content"},
      {with_message(R"({"role":"user","content":7})"), "messages[0].content"},
      {with_message(R"({"role":"user","content":[]})"), "messages[0].content"},
      {with_message(R"({"role":"user","content":["x"]})"), "messages[0].content[0]"},
      {with_message(R"({"role":"user","content":[{"type":"video_url"}]})"),
       "messages[0].content[0].type"},
      {with_message(R"({"role":"user","content":[{"type":"text"}]})"),
       "messages[0].content[0].text"},
      {with_message(R"({"role":"user","content":[{"type":"text","text":1}]})"),
       "messages[0].content[0].text"},
      {with_message(R"({"role":"user","content":[{"type":"image_url"}]})"),
       "messages[0].content[0].image_url"},
      {with_message(
           R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x"}}]})"),
       "messages[0].content[0].image_url.url"},
      {with_message(
           R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]})"),
       "messages[0].content[0].image_url.url"},
      {with_message(
           std::string(
               R"({"role":"system","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,)") +
           kPixel + R"("}}]})"),
       "messages[0].content[0].type"},
      {with_message(
           R"({"role":"assistant","content":"x","tool_calls":[{"function":{"name":"f","arguments":1}}]})"),
       "messages[0].tool_calls[0].function.arguments"},
      {with_message(R"({"role":"assistant","content":"x","prefix":true})"), "messages[0].prefix"},
      {with_message(
           R"({"role":"assistant","content":"x","tool_calls":[{"function":{"arguments":"{}"}}]})"),
       "messages[0].tool_calls[0].function.name"},
      {with(R"("n":2)"), "n"},
      {with(R"("n":2147483648)"), "n"},
      {with(R"("n":0)"), "n"},
      {with(R"("stream":"yes")"), "stream"},
      {with(R"("stream_options":{"include_usage":true})"), "stream_options"},
      {with(R"("stream":true,"stream_options":{"surprise":true})"), "stream_options.surprise"},
      {with(R"("temperature":3)"), "temperature"},
      {with(R"("max_tokens":-2)"), "max_tokens"},
      {with(R"("max_tokens":0)"), "max_tokens"},
      {with(R"("repeat_penalty":0)"), "repeat_penalty"},
      {with(R"("repeat_penalty":1,"repetition_penalty":1)"), "repeat_penalty"},
      {with(R"("skip_special_tokens":false)"), "skip_special_tokens"},
      {with(R"("enable_thinking":"yes")"), "enable_thinking"},
      {with(R"("max_tokens":1.5)"), "max_tokens"},
      {with(R"("max_tokens":1,"max_completion_tokens":1)"), "max_completion_tokens"},
      {with(R"("max_completion_tokens":99999999999)"), "max_completion_tokens"},
      {with(R"("logprobs":5)"), "logprobs"},
      {with(R"("top_logprobs":2)"), "top_logprobs"},
      {with(R"("logprobs":true,"top_logprobs":21)"), "top_logprobs"},
      {with(R"("tools":{})"), "tools"},
      {with(R"("tools":[{"type":"search"}])"), "tools[0].type"},
      {with(R"("tools":[{"type":"function","function":{"name":"a b"}}])"),
       "tools[0].function.name"},
      {with(R"("tools":[{"type":"function","function":{"name":"f","parameters":[]}}])"),
       "tools[0].function.parameters"},
      {with(R"("tools":[{"type":"function","function":{"name":"f","strict":"yes"}}])"),
       "tools[0].function.strict"},
      {with(R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"must")"),
       "tool_choice"},
      {with(
           R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}})"),
       "tool_choice.function.name"},
      {with(
           R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}})"),
       "tool_choice.allowed_tools.tools"},
      {with(R"("tool_choice":"required")"), "tool_choice"},
      {with(R"("tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":1)"),
       "parallel_tool_calls"},
      {with(R"("response_format":{"type":"xml"})"), "response_format.type"},
      {with(R"("response_format":{"type":"json_schema","json_schema":{"schema":true}})"),
       "response_format.json_schema.schema"},
      {with(R"("response_format":{"type":"json_object"},"guided_regex":"a")"), "guided_regex"},
      {with(R"("structured_outputs":{"choice":[]})"), "structured_outputs.choice"},
      {with(R"("structured_outputs":{"xml":""})"), "structured_outputs.xml"},
      {with(R"("guided_regex":"a","ignore_eos":true)"), "ignore_eos"},
      {with(R"("modalities":["audio"])"), "modalities"},
      {with(R"("chat_template_kwargs":{"messages":[]})"), "chat_template_kwargs.messages"},
      {with(R"("functions":[{"name":"f"}],"tools":[])"), "functions"},
      {with(R"("functions":[{"name":"f"}],"function_call":{"name":"g"})"), "function_call.name"},
      {with(R"("functions":[{"name":"a b"}])"), "functions[0].name"},
      {with(R"("web_search_options":{})"), "web_search_options"},
      {with(R"("surprise":1)"), "surprise"},
  };
  for (const auto& [text, field] : cases) EXPECT_EQ(refused_field(text), field) << text;
}

// What agents and frameworks send beside what they mean (reference: 70 of 237 calls failed by one).
TEST(ChatRequest, WhatCannotChangeTheAnswerIsIgnoredAndNamed) {
  EXPECT_EQ(
      ignored(with(R"("keep_alive":"5m","ttl":60,"cache_prompt":true,"num_ctx":4096,"user":"me")")),
      "keep_alive, ttl, cache_prompt, num_ctx, user");
  EXPECT_EQ(
      ignored(
          R"({"model":"m","messages":[{"role":"user","id":"1","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}],
              "tools":[{"type":"function","cache_control":{},"function":{"name":"f","strict":false}}]})"),
      "tools[].cache_control, messages[].id, messages[].content[].cache_control");
  EXPECT_EQ(
      ignored(with(
          R"("ignore_eos":false,"no_stop_trim":false,"skip_special_tokens":true,"continue_final_message":false,"separate_reasoning":true,
             "stream_reasoning":true,"return_hidden_states":false,"include_reasoning":true,"min_tokens":0,"parallel_tool_calls":true,"n":1)")),
      "")
      << "what a router adds means what happens anyway";
}

TEST(ChatRequest, OtherNamesOfTheSame) {
  EXPECT_EQ(decode(with(R"("max_tokens":-1)")).generate.sampling.max_tokens, 0) << "no limit";
  EXPECT_EQ(decode(with(R"("max_completion_tokens":-1)")).generate.sampling.max_tokens, 0);
  EXPECT_EQ(decode(with(R"("repeat_penalty":1.5)")).generate.sampling.repetition_penalty, 1.5);
  EXPECT_EQ(decode(with(R"("enable_thinking":false)")).generate.template_options_json,
            R"({"enable_thinking":false})");
  EXPECT_EQ(
      decode(with(R"("enable_thinking":true,"chat_template_kwargs":{"enable_thinking":false})"))
          .generate.template_options_json,
      R"({"enable_thinking":false})");
}

// An agent with one bad call in its history was locked out for good.
TEST(ChatRequest, AHistoryIsTakenAsItWas) {
  const auto messages = [](const std::string& message) {
    return decode(with_message(message)).generate.messages_json;
  };
  for (const char* broken : {"{", "[1]", "no JSON"})
    EXPECT_EQ(
        messages(
            R"({"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"f","arguments":")" +
            std::string(broken) + R"("}}]})"),
        R"([{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":")" +
            std::string(broken) + R"("}}]}])");
  EXPECT_EQ(messages(R"({"role":"assistant","content":null})"),
            R"([{"role":"assistant","content":""}])");
  EXPECT_EQ(
      messages(R"({"role":"assistant","content":"x","reasoning":"why","reasoning_details":[]})"),
      R"([{"role":"assistant","content":"x","reasoning_content":"why"}])");
}

}  // namespace
}  // namespace sanctum::gateway
