#include "text/xml_call.h"

#include "base/json.h"
#include "text/control_marks.h"
#include "text/parsed_output.h"

namespace sanctum::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const OutputOptions kXml{
    .format = OutputFormat::kXml, .tool_calls = true, .reasoning = true, .tools = OfferedTools(R"([
      {"type":"function","function":{"name":"edit","parameters":{"type":"object","properties":{
        "path":{"type":"string"},"text":{"type":"string"},"line":{"type":"integer"},
        "all":{"type":"boolean"},"options":{"type":"object"},"tags":{"type":"array"},
        "owner":{"type":["string","null"]},"free":{}}}}},
      {"type":"function","function":{"name":"list"}}])")};

std::string call(const std::string& parameters) {
  return "<tool_call>\n<function=edit>\n" + parameters + "</function>\n</tool_call>";
}
std::string parameter(const std::string& key, const std::string& value) {
  return "<parameter=" + key + ">\n" + value + "\n</parameter>\n";
}

TEST(XmlCall, EveryTypeAsTheSchemaHasIt) {
  const ParsedOutput output =
      parse(kXml, "I will.\n\n" +
                      call(parameter("path", "12") + parameter("line", "12345678901234567890123") +
                           parameter("all", "True") + parameter("options", "{\"a\": [1, 2.50]}") +
                           parameter("tags", "[\"x\"]") + parameter("owner", "None") +
                           parameter("free", "[1]") + parameter("more", "so it is")));
  EXPECT_EQ(output.content, "I will.");
  EXPECT_THAT(output.calls,
              ElementsAre(Pair("edit", R"({"path":"12","line":12345678901234567890123,"all":true,)"
                                       R"("options":{"a": [1, 2.50]},"tags":["x"],"owner":null,)"
                                       R"("free":[1],"more":"so it is"})")));
  EXPECT_FALSE(output.cut);
}

TEST(XmlCall, AStringKeepsItsWhitespace) {
  const std::string text = "    if x:\n\tprint(\"\\n\")\n\n  ";
  for (const std::string& value : {text, std::string(), std::string("\n"), std::string("a\r\nb")}) {
    const ParsedOutput output = parse(kXml, call(parameter("text", value)));
    EXPECT_THAT(output.calls, ElementsAre(Pair("edit", "{\"text\":" + json::quote(value) + "}")));
  }
  EXPECT_THAT(parse(kXml, call("<parameter=text>one line</parameter>")).calls,
              ElementsAre(Pair("edit", R"({"text":"one line"})")));
}

TEST(XmlCall, MarkupInAValueIsText) {
  for (const std::string value :
       {"</parameter>", "</parameter>\nand <parameter=x>", "<tool_call>", "a </tool_call> b",
        "</function>", "</function> </parameter> x", "<function=list>", "</parameter", "<"}) {
    const ParsedOutput output = parse(kXml, call(parameter("text", value)));
    EXPECT_THAT(output.calls, ElementsAre(Pair("edit", "{\"text\":" + json::quote(value) + "}")));
    EXPECT_EQ(output.content, "");
  }
}

// A string of JSON holds what it likes, and no line break.
TEST(XmlCall, MarkupInTheStringsOfJsonIsText) {
  for (const std::string value :
       {R"({"a": "</parameter></function>"})",
        R"(["</parameter> <parameter=x>", "\"</function></tool_call>"])",
        R"({"</parameter></tool_call>": {"b": ["</parameter><parameter="]}})"}) {
    const ParsedOutput output =
        parse(kXml, call(parameter("options", value) + parameter("line", "3")));
    EXPECT_THAT(output.calls, ElementsAre(Pair("edit", "{\"options\":" + value + ",\"line\":3}")));
    EXPECT_EQ(output.content, "");
  }
  // A line break ends it, wherever one stands.
  EXPECT_THAT(
      parse(kXml, call("<parameter=tags>\n[\"a</parameter>\n" + parameter("line", "3"))).calls,
      ElementsAre(Pair("edit", R"({"tags":"[\"a","line":3})")));
  for (const std::string broken :
       {R"({"a": "x)", R"({"a": 'x</parameter><parameter=b>', "b": "y)"}) {
    const ParsedOutput output =
        parse(kXml, call(parameter("tags", broken) + parameter("line", "3")));
    EXPECT_THAT(output.calls, ElementsAre(Pair("edit", testing::EndsWith(R"("line":3})"))));
  }
}

TEST(XmlCall, SeveralAndWithoutTheOuterTag) {
  const ParsedOutput output = parse(
      kXml,
      "<think>\nhm\n</think>\n\nok <function=list>\n</function>\n" + call("") +
          "\n<tool_call><function=edit><parameter=line>3</parameter></function></tool_call>\n");
  EXPECT_EQ(output.reasoning, "hm");
  EXPECT_EQ(output.content, "ok");
  EXPECT_THAT(output.calls,
              ElementsAre(Pair("list", "{}"), Pair("edit", "{}"), Pair("edit", R"({"line":3})")));
}

TEST(XmlCall, WhatIsNone) {
  for (const std::string text :
       {"<tool_call>\n<function=edit>\n", "<function=edit>", "<function=edit> it is called",
        "<function=edit", "<tool_call>{\"name\":\"edit\"}</tool_call>", "<function=a b <", "<func",
        "<tool_call>\n<function=>\n</function>\n</tool_call>"}) {
    const ParsedOutput output = parse(kXml, text, Ending::kByModel);
    EXPECT_EQ(output.content, text);
    EXPECT_THAT(output.calls, IsEmpty());
  }
}

TEST(XmlCall, WithoutASchemaAValueIsTheJsonThatItIs) {
  const ParsedOutput output =
      parse(kXml,
            "<tool_call>\n<function=none>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\nTrue\n"
            "</parameter>\n<parameter=c>\n[\"x\"]\n</parameter>\n</function>\n</tool_call> ok");
  EXPECT_EQ(output.content, "ok");
  EXPECT_THAT(output.calls, ElementsAre(Pair("none", R"({"a":1,"b":"True","c":["x"]})")));
}

TEST(XmlCall, ForgottenTagsAreForgiven) {
  for (const std::string text :
       {"<tool_call>\n<function=edit>\n<parameter=line>\n3\n</parameter>\n</tool_call>ok",
        "<tool_call>\n<function=edit>\n<parameter=line>\n3\n</function>\n</tool_call>ok",
        "<function=edit>\n<parameter=line>\n3\n</parameter>\n</function>\n\nok",
        "<tool_call>\n<function=edit>\n<parameter=line>3</parameter></function>ok"}) {
    const ParsedOutput output = parse(kXml, text);
    EXPECT_THAT(output.calls, ElementsAre(Pair("edit", R"({"line":3})"))) << text;
    EXPECT_EQ(output.content, "ok");
    EXPECT_FALSE(output.cut);
  }
}

TEST(XmlCall, ASpecialTokenEndsItWhereverItStands) {
  OutputOptions options = kXml;
  options.markers = {"<tool_call>", "</tool_call>"};
  const std::string open(1, control_mark(0)), end(1, control_mark(1));
  for (const std::string behind : {"", "\n", "\n</parameter>", "\n</parameter>\n</func"}) {
    const ParsedOutput output =
        parse(options, open + "\n<function=edit>\n<parameter=line>\n3" + behind + end + "ok");
    EXPECT_THAT(output.calls, ElementsAre(Pair("edit", R"({"line":3})"))) << behind;
    EXPECT_EQ(output.content, "ok");
  }
}

TEST(XmlCall, CutWhereverItMayBe) {
  const std::string text = call(parameter("text", "ab") + parameter("line", "34"));
  const std::string whole = parse(kXml, text).calls.at(0).second;
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string said = text.substr(0, size);
    const ParsedOutput output = parse(kXml, said);
    if (output.calls.empty()) {
      EXPECT_EQ(output.content, said.starts_with("<tool_call>") ? "" : said);
      EXPECT_EQ(parse(kXml, said, Ending::kByModel).content, said);
    } else {
      EXPECT_TRUE(whole.starts_with(output.calls[0].second)) << size << output.calls[0].second;
      EXPECT_EQ(output.content, "");
      EXPECT_EQ(output.cut, size < text.find("</function>") + 11) << size;
    }
  }
}

TEST(XmlCall, AStringGoesOutAsItComes) {
  OutputParser parser(kXml);
  EXPECT_TRUE(parser.push("<tool_call>\n<function=edit>\n").empty());
  EXPECT_EQ(parser.push("<parameter=text>").tool_calls.at(0).arguments, R"({"text":")");
  EXPECT_EQ(parser.push("\nsome").tool_calls.at(0).arguments, "some");
  EXPECT_TRUE(parser.push("\n</para").empty());
  EXPECT_EQ(parser.push("graph>").tool_calls.at(0).arguments, "\\n</paragraph>");
  EXPECT_TRUE(parser.push("\n</parameter>").empty());
  EXPECT_EQ(parser.push("\n</function>").tool_calls.at(0).arguments, "\"}");
}

TEST(XmlCall, AValueThatIsTooLongToHoldIsAString) {
  const std::string digits(kValueBytesMax + 1, '7');
  const ParsedOutput output = feed(kXml, {call(parameter("line", digits))});
  EXPECT_THAT(output.calls, ElementsAre(Pair("edit", "{\"line\":\"" + digits + "\"}")));
}

}  // namespace
}  // namespace sanctum::text
