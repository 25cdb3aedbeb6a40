// What a client sees of an answer's control tokens: nothing, whether or not anybody needed them.
#include "engine/output_stream.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/test_directory.h"
#include "engine/test_model.h"

namespace sanctum::engine {
namespace {

constexpr int kEnd = 321, kToolCall = 323;  // of the fixture; kToolCall is special or is not

std::shared_ptr<const TextModel> model_with(bool special_marker) {
  const TestDirectory directory;
  std::string tokenizer = read_file(text::fixture("byte_level") + "/tokenizer.json");
  const std::size_t marker = tokenizer.find("\"<tool_call>\"");
  const std::size_t ordinary = tokenizer.find("\"special\":false", marker);
  if (special_marker) tokenizer.replace(ordinary, 15, "\"special\":true");
  directory.write("tokenizer.json", tokenizer);
  directory.write("chat_template.jinja", "<tool_call>");
  return std::make_shared<const TextModel>(text_description(directory.path()));
}

// The content that a client gets of these tokens' answer.
std::string content(const std::shared_ptr<const TextModel>& model, const std::vector<int>& ids,
                    bool parse_tool_calls, const std::vector<std::string>& stop = {}) {
  wire::GenerateRequest options;
  options.sampling.stop = stop;
  options.messages_json = "[]";
  options.parse_tool_calls = parse_tool_calls;
  OutputStream stream("r", model, options, false);
  std::string out;
  for (const int id : ids) {
    TokenOutput token;
    token.sampled.token = id;
    out += stream.push(token).content;
  }
  return out + stream.finish({"r", wire::FinishReason::kStop, {}, {}, std::nullopt}).last.content;
}

TEST(OutputStream, ASpecialTokenInTheMidstOfAnAnswerIsNotShown) {
  const auto model = model_with(true);
  const std::vector<int> hello = model->tokenize("hello the", false);
  std::vector<int> ids = hello;
  ids.insert(ids.begin() + 1, kEnd);  // as with ignore_eos
  for (const bool tools : {false, true}) EXPECT_EQ(content(model, ids, tools), "hello the");
}

TEST(OutputStream, ASpecialMarkerThatNobodyReadsIsNotShown) {
  const auto model = model_with(true);
  std::vector<int> ids = model->tokenize("hello", false);
  ids.insert(ids.begin(), kToolCall);
  EXPECT_EQ(content(model, ids, false), "hello") << "the request has no tools";
  EXPECT_EQ(content(model, ids, true), "hello") << "what follows is no call";
  EXPECT_EQ(content(model, {kToolCall}, true), "") << "nothing follows";
}

// A stop string that never comes cut the marker in two: its rest was shown.
TEST(OutputStream, AStopStringDoesNotUncoverASpecialMarker) {
  const auto model = model_with(true);
  std::vector<int> ids = model->tokenize("hello", false);
  ids.insert(ids.begin(), kToolCall);
  for (const bool tools : {false, true}) {
    EXPECT_EQ(content(model, ids, tools, {">>"}), "hello");
    EXPECT_EQ(content(model, ids, tools, {"_call>"}), "hello") << "nobody said that";
  }
  const auto ordinary = model_with(false);
  EXPECT_EQ(content(ordinary, ids, false, {"<tool_call>hello the"}), "<tool_call>hello");
}

// As transformers' skip_special_tokens has it: what the tokenizer does not call special is text.
TEST(OutputStream, AMarkerThatIsAnOrdinaryTokenIsText) {
  const auto model = model_with(false);
  std::vector<int> ids = model->tokenize("hello", false);
  ids.insert(ids.begin(), kToolCall);
  EXPECT_EQ(content(model, ids, false), "<tool_call>hello");
  EXPECT_EQ(content(model, ids, true), "<tool_call>hello");
}

// What a client gets of an answer with these tokens, when the model ends it.
wire::Completed answer(const std::shared_ptr<const TextModel>& model, const std::vector<int>& ids,
                       const wire::GenerateRequest& options, wire::RowDelta& all) {
  OutputStream stream("r", model, options, false);
  const auto add = [&](const wire::RowDelta& row) {
    all.content += row.content;
    for (const auto& call : row.tool_calls) {
      if (!call.id.empty()) all.tool_calls.push_back({call.index, call.id, call.name, ""});
      all.tool_calls.at(static_cast<std::size_t>(call.index)).arguments += call.arguments;
    }
  };
  for (const int id : ids) {
    TokenOutput token;
    token.sampled.token = id;
    add(stream.push(token));
  }
  wire::Completed completed = stream.finish({"r", wire::FinishReason::kStop, {}, {}, std::nullopt});
  add(completed.last);
  return completed;
}

struct CallCase {
  std::shared_ptr<const TextModel> model = model_with(true);
  std::vector<int> ids = model->tokenize("{\"name\":\"a\",\"arguments\":{\"x\":1}}", false);
  wire::GenerateRequest options;
  wire::RowDelta all;
  CallCase() {
    ids.insert(ids.begin(), kToolCall);
    options.messages_json = "[]";
    options.parse_tool_calls = true;
  }
};

TEST(OutputStream, ASpecialMarkerStillMakesACall) {
  CallCase c;
  EXPECT_EQ(answer(c.model, c.ids, c.options, c.all).finish_reason, wire::FinishReason::kToolCalls);
  ASSERT_EQ(c.all.tool_calls.size(), 1u);
  EXPECT_EQ(c.all.tool_calls[0].name, "a");
  EXPECT_EQ(c.all.tool_calls[0].arguments, "{\"x\":1}");
}

// The client's own loop answers it, and the model corrects itself.
TEST(OutputStream, ACallOfAToolThatNobodyOfferedIsACall) {
  CallCase c;
  c.options.tools_json = R"([{"type":"function","function":{"name":"b"}}])";
  EXPECT_EQ(answer(c.model, c.ids, c.options, c.all).finish_reason, wire::FinishReason::kToolCalls);
  ASSERT_EQ(c.all.tool_calls.size(), 1u);
  EXPECT_EQ(c.all.tool_calls[0].name, "a");
}

TEST(OutputStream, ACallThatAStopStringCutIsNotPassedOffAsAWholeOne) {
  CallCase c;
  c.options.sampling.stop = {":1"};
  const wire::Completed completed = answer(c.model, c.ids, c.options, c.all);
  EXPECT_EQ(completed.finish_reason, wire::FinishReason::kLength);
  EXPECT_EQ(completed.stop_string, ":1");
  ASSERT_EQ(c.all.tool_calls.size(), 1u);
  EXPECT_EQ(c.all.tool_calls[0].arguments, "{\"x\"");
}

// The model's own end is no better.
TEST(OutputStream, ACallThatTheModelEndedInTheMidstIsNotPassedOffAsAWholeOne) {
  CallCase c;
  c.ids = c.model->tokenize("{\"name\":\"a\",\"arguments\":{\"x\":1", false);
  c.ids.insert(c.ids.begin(), kToolCall);
  EXPECT_EQ(answer(c.model, c.ids, c.options, c.all).finish_reason, wire::FinishReason::kLength);
  ASSERT_EQ(c.all.tool_calls.size(), 1u);
  EXPECT_EQ(c.all.tool_calls[0].arguments, "{\"x\":1");
}

// gpt-oss ends a call by ending the answer: what a client made end it was taken for a whole one.
TEST(OutputStream, ACallThatAClientsStopTokenCutIsNotPassedOffAsAWholeOne) {
  const TestDirectory directory;
  directory.write("tokenizer.json", read_file(text::fixture("byte_level") + "/tokenizer.json"));
  directory.write("chat_template.jinja", "<|channel|><|message|>");
  const auto model = std::make_shared<const TextModel>(text_description(directory.path()));
  wire::GenerateRequest options;
  options.messages_json = "[]";
  options.parse_tool_calls = true;
  const int a_word = model->tokenize("the", false).front();
  for (const auto& [last, reason] :
       {std::pair(kEnd, wire::FinishReason::kToolCalls), {a_word, wire::FinishReason::kLength}}) {
    OutputStream stream("r", model, options, false);
    TokenOutput token;
    for (const int id : model->tokenize("<|channel|>x to=functions.f<|message|>ls -", false)) {
      token.sampled.token = id;
      stream.push(token);
    }
    token.sampled.token = last;
    token.ends_answer = true;
    stream.push(token);
    EXPECT_EQ(stream.finish({"r", wire::FinishReason::kStop, {}, {}, std::nullopt}).finish_reason,
              reason);
  }
}

}  // namespace
}  // namespace sanctum::engine
