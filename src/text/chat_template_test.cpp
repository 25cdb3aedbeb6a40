#include "text/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "text/output_parser.h"
#include "text/test_fixtures.h"

namespace sanctum::text {
namespace {

using testing::HasSubstr;

constexpr const char* kHello = R"([{"role": "user", "content": "hi"}])";

std::string render(const std::string& source, const std::string& messages = kHello,
                   const std::string& tools = "", const std::string& options = "") {
  const TestDirectory directory;
  directory.write("chat_template.jinja", source);
  return ChatTemplate::load(directory.path())->render(messages, tools, options, true);
}

Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  return {ErrorCode::kInternal, "no error"};
}

TEST(ChatTemplate, RendersWithTheVariablesOfTheConfig) {
  const auto chat = ChatTemplate::load(fixture("byte_level"));
  EXPECT_NE(chat->source(), "");
  EXPECT_EQ(chat->render(kHello, "", "", false), "<|begin|>[user]hi<|end|>");
}

TEST(ChatTemplate, OptionsAreVariables) {
  EXPECT_EQ(render("{{ enable_thinking }}", kHello, "", R"({"enable_thinking": false})"), "False");
  const Error error = error_of([] { render("x", kHello, "", R"({"messages": []})"); });
  EXPECT_EQ(error.code(), ErrorCode::kInvalid);
  EXPECT_EQ(error.field(), "chat_template_kwargs.messages");
}

TEST(ChatTemplate, ToolsAreNoneWithoutTools) {
  const std::string source = "{% if tools is none %}none{% else %}{{ tools | length }}{% endif %}";
  EXPECT_EQ(render(source), "none");
  EXPECT_EQ(render(source, kHello, "[{}, {}]"), "2");
}

TEST(ChatTemplate, WhitespaceAsTransformersSetsIt) {
  EXPECT_EQ(render("a\n  {% if true %}\n  b\n  {% endif %}\nc\n"), "a\n  b\nc");
}

TEST(ChatTemplate, NewlinesOfOtherSystemsCountAsOne) {
  EXPECT_EQ(render("a\r\n{% if true %}\r\nb\rc{% endif %}"), "a\nb\nc");
}

TEST(ChatTemplate, RaiseExceptionIsTheCallersError) {
  const Error error = error_of([] { render("{{ raise_exception('Roles must alternate!') }}"); });
  EXPECT_EQ(error.code(), ErrorCode::kInvalid);
  EXPECT_EQ(error.field(), "messages");
  EXPECT_STREQ(error.what(), "Roles must alternate!");
}

TEST(ChatTemplate, RaiseExceptionInsideAMacro) {
  const Error error = error_of([] {
    render("{% macro m(x) %}{{ raise_exception('no ' ~ x) }}{% endmacro %}{{ m('way') }}");
  });
  EXPECT_STREQ(error.what(), "no way");
}

TEST(ChatTemplate, TojsonWritesAsPythonDoes) {
  const std::string messages =
      R"([{"z": "é<&>\"\n", "a": [1, 2.0, 1e16, true, null, {}], "e": []}])";
  EXPECT_EQ(render("{{ messages[0] | tojson }}", messages),
            R"({"z": "é<&>\"\n", "a": [1, 2.0, 1e+16, true, null, {}], "e": []})");
  EXPECT_EQ(render("{{ messages[0] | tojson(ensure_ascii=True, sort_keys=True) }}", messages),
            R"({"a": [1, 2.0, 1e+16, true, null, {}], "e": [], "z": "\u00e9<&>\"\n"})");
  EXPECT_EQ(render("{{ {'a': [1], 'b': {}} | tojson(indent=2) }}"),
            "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
  EXPECT_EQ(render("{{ {'a': [1, 2]} | tojson(separators=(',', ':')) }}"), R"({"a":[1,2]})");
}

TEST(ChatTemplate, LoopControlsAndPythonMethods) {
  EXPECT_EQ(render("{% for i in range(9) %}{% if i == 1 %}{% continue %}{% endif %}"
                   "{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}"),
            "02");
  EXPECT_EQ(render("{{ ' a</think>b'.split('</think>')[-1].strip() }}"
                   "{{ 'x-y-z'.rsplit('-', 1)[0] }}{{ 'abc'.removeprefix('a') }}"
                   "{{ messages[0].get('name', '?') }}{{ 'Ab'.startswith('A') }}"),
            "bx-ybc?True");
}

TEST(ChatTemplate, TestsFollowPython) {
  EXPECT_EQ(render("{{ 'a' is sequence }}{{ none is iterable }}{{ [] is iterable }}"
                   "{{ {} is mapping }}{{ [] is mapping }}{{ missing is defined }}"),
            "TrueFalseTrueTrueFalseFalse");
}

TEST(ChatTemplate, GenerationBlocksKeepTheirBody) {
  EXPECT_EQ(render("{% generation %}x{% endgeneration %}"), "x");
}

TEST(ChatTemplate, ArgumentsAreHandedOverAsObjects) {
  const std::string messages =
      R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f",
           "arguments": "{\"b\": 1, \"a\": \"é\"}"}}, {"function": {"name": "g", "arguments": "oops"}}]}])";
  EXPECT_EQ(render("{% for c in messages[0].tool_calls %}{{ c.function.arguments | tojson }};"
                   "{% endfor %}",
                   messages),
            R"({"b": 1, "a": "é"};"oops";)");
}

// They were rounded to a float: a client that sends back what it was told had another id in the
// prompt.
TEST(ChatTemplate, WideIntegersStayWhole) {
  const std::string messages =
      R"([{"role": "assistant", "content": "99999999999999999999 \"12345678901234567890123\"",
           "tool_calls": [{"function": {"name": "f", "arguments":
           "{\"id\": 12345678901234567890123, \"n\": [-98765432109876543210, 18446744073709551616]}"}}]}])";
  EXPECT_EQ(
      render("{{ messages[0].tool_calls[0].function.arguments | tojson }}", messages),
      R"({"id": 12345678901234567890123, "n": [-98765432109876543210, 18446744073709551616]})");
  EXPECT_EQ(render("{{ messages[0].tool_calls[0].function.arguments.id }}", messages),
            "12345678901234567890123");
  EXPECT_EQ(render("{{ messages[0].content }}", messages),
            R"(99999999999999999999 "12345678901234567890123")");
}

TEST(ChatTemplate, StrftimeNow) {
  EXPECT_THAT(render("{{ strftime_now('%Y-%m-%d') }}"),
              testing::MatchesRegex("20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]"));
}

TEST(ChatTemplate, MalformedInputNamesTheField) {
  EXPECT_EQ(error_of([] { render("x", "{}"); }).field(), "messages");
  EXPECT_EQ(error_of([] { render("x", kHello, "[1"); }).field(), "tools");
  EXPECT_EQ(error_of([] { render("x", kHello, "", "[]"); }).field(), "chat_template_kwargs");
  EXPECT_EQ(error_of([] { render("{{ messages[0].nothing.at_all }}"); }).field(), "messages");
}

TEST(ChatTemplate, AnEndlessTemplateEnds) {
  const Error error = error_of([] {
    render(
        "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}"
        "{% endfor %}{% endfor %}{% endfor %}");
  });
  EXPECT_EQ(error.code(), ErrorCode::kInvalid);
}

TEST(ChatTemplate, WithoutATemplateOnlyRenderFails) {
  const TestDirectory directory;
  const auto chat = ChatTemplate::load(directory.path());
  EXPECT_EQ(chat->source(), "");
  const Error error = error_of([&] { chat->render(kHello, "", "", true); });
  EXPECT_EQ(error.code(), ErrorCode::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("no chat template"));
}

TEST(ChatTemplate, ABrokenTemplateNamesItsFile) {
  const TestDirectory directory;
  directory.write("chat_template.jinja", "{% if %}");
  const auto chat = ChatTemplate::load(directory.path());
  EXPECT_THAT(error_of([&] { chat->render(kHello, "", "", true); }).what(),
              HasSubstr("chat_template.jinja"));
}

TEST(ChatTemplate, WhyThereAreNoChats) {
  const auto no_chat = [](const std::string& source) {
    const TestDirectory directory;
    directory.write("chat_template.jinja", source);
    return ChatTemplate::load(directory.path())->no_chat();
  };
  const TestDirectory empty;
  EXPECT_EQ(ChatTemplate::load(empty.path())->no_chat(), "it has no chat template");
  EXPECT_EQ(no_chat("{{ messages[0].content }}"), "");
  EXPECT_EQ(no_chat("{% for tool in tools %}{{ tool.name }}{% endfor %}{{ bos_token }}"), "");
  EXPECT_THAT(no_chat("{% if %}"),
              HasSubstr("its chat template (chat_template.jinja) does not parse: "));
  EXPECT_EQ(no_chat("{{ raise_exception('never') }}"),
            "its chat template (chat_template.jinja) cannot render a question: never");
}

TEST(ChatTemplate, OneOfSeveralNamedTemplates) {
  const TestDirectory directory;
  directory.write("tokenizer_config.json",
                  R"({"chat_template": [{"name": "default", "template": "plain"},
                                        {"name": "tool_use", "template": "tools"}]})");
  const auto chat = ChatTemplate::load(directory.path());
  EXPECT_EQ(chat->render(kHello, "", "", true), "plain");
  EXPECT_EQ(chat->render(kHello, "[{}]", "", true), "tools");
  EXPECT_EQ(chat->source(), "tools");
}

TEST(ChatTemplate, TheBuiltInModelsTemplate) {
  const auto chat = ChatTemplate::load(source_directory() + "/models/smoke");
  EXPECT_EQ(detect_format(chat->source()), OutputFormat::kHermes);
  EXPECT_EQ(chat->render(R"([{"role": "user", "content": [{"type": "image"},
                              {"type": "text", "text": "What colour?"}]}])",
                         "", "", true),
            "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>What colour?<|im_end|>\n"
            "<|im_start|>assistant\n");
}

}  // namespace
}  // namespace sanctum::text
