#include "gateway/responses_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "gateway/test_requests.h"

namespace sanctum::gateway {
namespace {

constexpr const char* kPixel =
    "data:image/"
    "png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/"
    "pLvAAAAAElFTkSuQmCC";

struct Decoded {
  ApiRequest request;
  std::string ignored;
};
Decoded decode(const std::string& text) {
  Decoding with;
  ApiRequest request = decode_responses_request(json::Document(text).root(), with);
  return {std::move(request), with.notes.ignored_list()};
}
std::string messages(const std::string& text) {
  return decode(text).request.generate.messages_json;
}

std::string refused_field(const std::string& text) {
  return field_refused_by(decode, text);
}

TEST(ResponsesRequest, ATextIsAQuestion) {
  EXPECT_EQ(messages(R"({"model":"m","input":"hi","instructions":"be brief"})"),
            R"([{"role":"system","content":"be brief"},{"role":"user","content":"hi"}])");
}

// As Codex sends them: instructions, a developer's and a user's message, then what was done.
TEST(ResponsesRequest, ItemsAreMessagesOfTheirSpeakers) {
  EXPECT_EQ(
      messages(R"({"instructions":"a","input":[
        {"type":"message","role":"developer","content":[{"type":"input_text","text":"b"}]},
        {"role":"user","content":[{"type":"input_text","text":"c"},{"type":"input_text","text":"d"}]},
        {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"why"}],"encrypted_content":null},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"so"}]},
        {"type":"function_call","call_id":"1","name":"f","arguments":"{\"x\":1}"},
        {"type":"custom_tool_call","call_id":"2","name":"patch","input":"*** Begin"},
        {"type":"function_call_output","call_id":"1","output":"done"},
        {"type":"custom_tool_call_output","call_id":"2","output":[{"type":"input_text","text":"ok"}]},
        {"type":"web_search_call","id":"ws_1","status":"completed"}]})"),
      R"([{"role":"system","content":"a\n\nb"},{"role":"user","content":"c\nd"},)"
      R"({"role":"assistant","content":"so","reasoning_content":"why","tool_calls":[)"
      R"({"id":"1","type":"function","function":{"name":"f","arguments":{"x":1}}},)"
      R"({"id":"2","type":"function","function":{"name":"patch","arguments":{"input":"*** Begin"}}}]},)"
      R"({"role":"tool","tool_call_id":"1","content":"done"},{"role":"tool","tool_call_id":"2","content":"ok"}])");
}

TEST(ResponsesRequest, GoesOnFromWhatWasSaid) {
  const json::Document earlier(
      R"([{"type":"message","role":"user","content":"a"},)"
      R"({"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"b"}],"odd":1}])");
  const json::Node items = earlier.root();
  Decoding with;
  with.earlier = &items;
  const json::Document body(
      R"({"input":"c","instructions":"now","previous_response_id":"resp_1"})");
  EXPECT_EQ(
      decode_responses_request(body.root(), with).generate.messages_json,
      R"([{"role":"system","content":"now"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
  EXPECT_EQ(with.notes.ignored_list(), "") << "what was said before was noted then";
}

TEST(ResponsesRequest, WhatWasSealedHereIsOpenedAndNothingElse) {
  const Seal ours("ours"), theirs("theirs");
  const auto said = [&](const std::string& sealed) {
    Decoding with;
    with.seal = &ours;
    const json::Document body(
        R"({"input":[{"role":"user","content":"a"},{"type":"reasoning","summary":[],"encrypted_content":")" +
        sealed + R"("},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]})");
    return decode_responses_request(body.root(), with).generate.messages_json + " " +
           with.notes.ignored_list();
  };
  const std::string plain =
      R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}])";
  EXPECT_EQ(said(theirs.close("why")), plain + " input[].encrypted_content");
  EXPECT_EQ(said("gAAAA"), plain + " input[].encrypted_content");
  std::string changed = ours.close("why");
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(said(changed), plain + " input[].encrypted_content");
  EXPECT_EQ(
      said(ours.close("why")),
      R"([{"role":"user","content":"a"},{"role":"assistant","content":"b","reasoning_content":"why"},{"role":"user","content":"c"}] )");
}

TEST(ResponsesRequest, WhatIsKeptOfItsInput) {
  const auto kept = [](const std::string& text) {
    const json::Document echo(decode(text).request.echo);
    const auto items = echo.root().get("kept");
    return items ? items->dump() : std::string("nothing");
  };
  EXPECT_EQ(kept(R"({"input":"hi"})"),
            R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}])");
  EXPECT_EQ(kept(R"({"input":[{"role":"user","content":"hi"}],"store":true})"),
            R"([{"role":"user","content":"hi"}])");
  EXPECT_EQ(kept(R"({"input":"hi","store":false})"), "nothing");
}

TEST(ResponsesRequest, ToolsAreMadeFlat) {
  const auto decoded = decode(R"({"input":"x","tools":[
      {"type":"function","name":"f","parameters":{"type":"object"},"strict":false},
      {"type":"custom","name":"patch","description":"d","format":{"type":"grammar","syntax":"lark","definition":"start: /a/"}},
      {"type":"custom","name":"digits","format":{"type":"grammar","syntax":"regex","definition":"[0-9]+"}},
      {"type":"namespace","name":"files","description":"n","tools":[{"type":"function","name":"read","parameters":{}}]},
      {"type":"web_search"}],"tool_choice":"required","parallel_tool_calls":false})");
  EXPECT_EQ(
      decoded.request.generate.tools_json,
      R"([{"type":"function","function":{"name":"f","parameters":{"type":"object"}}},)"
      R"({"type":"function","function":{"name":"patch","description":"d","parameters":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}}},)"
      R"({"type":"function","function":{"name":"digits","parameters":{"type":"object","properties":{"input":{"type":"string","pattern":"^(?:[0-9]+)$"}},"required":["input"],"additionalProperties":false},"strict":true}},)"
      R"({"type":"function","function":{"name":"files__read","parameters":{}}}])");
  EXPECT_EQ(decoded.ignored, "tools[].format, tools[].description, tools[] web_search");
  EXPECT_TRUE(decoded.request.generate.tool_use.required);
  EXPECT_FALSE(decoded.request.generate.tool_use.parallel);
}

TEST(ResponsesRequest, PicturesAndFormats) {
  const auto decoded = decode(
      R"({"input":[{"role":"user","content":[{"type":"input_image","image_url":")" +
      std::string(kPixel) +
      R"("},{"type":"input_text","text":"what?"}]}],"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true}},"reasoning":{"effort":"low"}})");
  EXPECT_EQ(decoded.request.generate.messages_json,
            R"([{"role":"user","content":[{"type":"image"},{"type":"text","text":"what?"}]}])");
  EXPECT_EQ(decoded.request.generate.structure.kind, wire::StructureKind::kJsonSchema);
  EXPECT_EQ(decoded.request.generate.template_options_json, R"({"reasoning_effort":"low"})");
}

TEST(ResponsesRequest, WrongOnesNameTheirField) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "input"},
      {R"({"input":[]})", "input"},
      {R"({"input":[{"type":"smell"}]})", "input[0].type"},
      {R"({"input":[{"role":"wizard","content":"x"}]})", "input[0].role"},
      {R"({"input":[{"role":"assistant","content":[{"type":"input_image","image_url":"x"}]}]})",
       "input[0].content[0].type"},
      {R"({"input":"x","previous_response_id":7})", "previous_response_id"},
      {R"({"input":"x","include":[7]})", "include[0]"},
      {R"({"input":"x","store":"yes"})", "store"},
      {R"({"input":"x","background":true})", "background"},
      {R"({"input":"x","max_output_tokens":0})", "max_output_tokens"},
      {R"({"input":"x","tools":[{"type":"smell"}]})", "tools[0].type"},
      {R"({"input":"x","tools":[{"type":"function","name":"f"},{"type":"function","name":"f"}]})",
       "tools[1].name"},
      {R"({"input":"x","tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"g"}})",
       "tool_choice.name"},
      {R"({"input":"x","surprise":1})", "surprise"},
  };
  for (const auto& [text, field] : cases) EXPECT_EQ(refused_field(text), field) << text;
}

}  // namespace
}  // namespace sanctum::gateway
