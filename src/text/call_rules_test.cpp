#include "text/call_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "base/test_directory.h"
#include "text/gemma_call_rules.h"
#include "text/grammar.h"
#include "text/xml_call_rules.h"

namespace sanctum::text {
namespace {

using testing::HasSubstr;

using Spelling = std::string (*)(const CallRules&);

// Of one tool, "f", whose marks are texts.
std::string source(Spelling spelling, const std::string& schema, bool strict) {
  const CallRules rules{
      {{"f", schema, strict}}, false, [](std::string_view mark) { return json::quote(mark); }};
  return "start: calls\n" + spelling(rules);
}

bool accepts(Spelling spelling, const std::string& schema, bool strict, const std::string& call) {
  static const auto tokenizer = Tokenizer::load(source_directory() + "/models/smoke");
  static const GrammarVocabulary vocabulary(*tokenizer, tokenizer->end_ids(),
                                            tokenizer->vocabulary());
  const auto state = vocabulary.compile(source(spelling, schema, strict))->begin();
  const auto ids = tokenizer->encode(call, false);
  return state->take(ids) == ids.size() && state->may_end();
}

std::string refused(Spelling spelling, const std::string& schema) {
  try {
    source(spelling, schema, true);
  } catch (const Error& error) {
    return error.what();
  }
  return "(accepted)";
}

std::string xml(const std::string& parameters) {
  return "<tool_call>\n<function=f>\n" + parameters + "</function>\n</tool_call>";
}
std::string xml_a(const std::string& value) {
  return xml("<parameter=a>\n" + value + "\n</parameter>\n");
}
std::string gemma(const std::string& arguments) {
  return "<|tool_call>call:f" + arguments + "<tool_call|>";
}

// A schema with the one property `a`, which is asked for.
std::string of_a(const std::string& schema, const std::string& more = "") {
  return R"({"type":"object","properties":{"a":)" + schema + R"(},"required":["a"])" + more + "}";
}

const std::string kDefinitions =
    R"(,"$defs":{"color":{"enum":["red","blue"]},"point":{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"],"additionalProperties":false}})";

// What a strict schema says by another name than "type" binds, too.
TEST(XmlCallRules, AParameterWithoutATypeIsBoundByWhatItSays) {
  const auto takes = [](const std::string& schema, const std::string& value) {
    return accepts(xml_call_rules, of_a(schema, kDefinitions), true, xml_a(value));
  };
  const std::string color = R"({"$ref":"#/$defs/color"})", point = R"({"$ref":"#/$defs/point"})";
  EXPECT_TRUE(takes(color, "red"));
  EXPECT_FALSE(takes(color, "green"));
  EXPECT_TRUE(takes(point, R"({"x": 1})"));
  EXPECT_FALSE(takes(point, "x"));
  const std::string either = R"({"anyOf":[)" + color + R"(,{"type":"integer"},{"const":null}]})";
  EXPECT_TRUE(takes(either, "blue"));
  EXPECT_TRUE(takes(either, "17"));
  EXPECT_TRUE(takes(either, "null"));
  EXPECT_FALSE(takes(either, "green"));
  EXPECT_TRUE(takes(R"({"allOf":[)" + color + R"(],"description":"d"})", "red"));
  EXPECT_FALSE(takes(R"({"allOf":[)" + color + R"(]})", "green"));
  EXPECT_TRUE(takes(R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "any words"));
  EXPECT_TRUE(takes("{}", "any words"));
}

TEST(XmlCallRules, WhatCannotBeSaidOfAStrictToolIsNamed) {
  const auto named = [](const std::string& schema) { return refused(xml_call_rules, schema); };
  EXPECT_THAT(named(of_a(R"({"type":"string","pattern":"a"})")), HasSubstr("pattern"));
  EXPECT_THAT(named(of_a(R"({"not":{"const":"x"}})")), HasSubstr("not"));
  EXPECT_THAT(named(of_a(R"({"$ref":"#/$defs/none"})")), HasSubstr("$ref"));
  EXPECT_THAT(named(of_a(R"({"allOf":[{"type":"string"},{"type":"string"}]})")),
              HasSubstr("allOf"));
  EXPECT_THAT(named(of_a(R"({"anyOf":[{"type":"string"},{"type":"object"}]})")),
              HasSubstr("a text, or a list"));
  EXPECT_THAT(named(of_a("{}", R"(,"minProperties":2)")), HasSubstr("minProperties"));
  EXPECT_THAT(named(R"({"properties":{"a>b":{"type":"string"}}})"), HasSubstr("a>b"));
  EXPECT_THAT(named(R"({"properties":{},"required":["b"]})"), HasSubstr("required 'b'"));
}

// A value ends where xml_call.cpp reads its end, and nowhere before.
TEST(XmlCallRules, AValueEndsAsItIsRead) {
  const auto takes = [](const std::string& call) {
    return accepts(xml_call_rules, of_a(R"({"type":"string"})"), false, call);
  };
  EXPECT_TRUE(takes(xml_a("")));
  EXPECT_TRUE(takes(xml("<parameter=a>\n</parameter>\n"))) << "the line break is the tag's";
  EXPECT_TRUE(takes(xml("<parameter=a>\nx</parameter>\n")));
  EXPECT_TRUE(takes(xml_a("<b></parameter> and </function>")));
  EXPECT_TRUE(takes(xml_a("<x>\n<parameter>1</parameter>\n</x>"))) << "a file that has the tag";
  EXPECT_FALSE(takes(xml_a("x</parameter></function>")));
  EXPECT_FALSE(takes(xml_a("x</parameter> <parameter=b>")));
  EXPECT_FALSE(takes(xml_a("x</function>\n</tool_call>")));
}

TEST(XmlCallRules, WhatIsAskedForComesAndOptionalOnesMay) {
  const std::string schema =
      R"({"properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"string"},"d":{"type":"boolean"}},"required":["b"]})";
  const auto takes = [&](const std::string& parameters) {
    return accepts(xml_call_rules, schema, true, xml(parameters));
  };
  const auto one = [](const std::string& key, const std::string& value) {
    return "<parameter=" + key + ">\n" + value + "\n</parameter>\n";
  };
  EXPECT_TRUE(takes(one("b", "1")));
  EXPECT_TRUE(takes(one("a", "x") + one("b", "1") + one("c", "y") + one("d", "true")));
  EXPECT_TRUE(takes(one("b", "1") + one("d", "true")));
  EXPECT_FALSE(takes(one("a", "x")));
  EXPECT_FALSE(takes(one("a", "x") + one("c", "y")));
  EXPECT_FALSE(takes(""));
  EXPECT_FALSE(takes(one("b", "1") + one("b", "2")));
}

// A model that names an optional one late would have to leave it out.
TEST(XmlCallRules, OptionalOnesOfAToolThatIsNotStrictComeInAnyOrder) {
  const std::string schema =
      R"({"properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"string"},"d":{"type":"array"}},"required":["b","c"]})";
  const auto one = [](const std::string& key, const std::string& value) {
    return "<parameter=" + key + ">\n" + value + "\n</parameter>\n";
  };
  const std::string a = one("a", "x"), b = one("b", "1"), c = one("c", "y"), d = one("d", "[2]");
  const auto takes = [&](bool strict, const std::string& parameters) {
    return accepts(xml_call_rules, schema, strict, xml(parameters));
  };
  for (const std::string& all : {a + b + c + d, b + c, d + b + a + c, b + c + d + a, d + a + b + c})
    EXPECT_TRUE(takes(false, all)) << all;
  EXPECT_TRUE(takes(true, a + b + c + d));
  EXPECT_FALSE(takes(true, b + c + d + a));
  for (const std::string& few : {a + d, b, c, b + a, a + d + c})
    EXPECT_FALSE(takes(false, few)) << few;
  EXPECT_FALSE(takes(false, one("b", "x") + c)) << "each is of its type";
  for (const std::string& twice : {a + b + a + c, b + c + d + d}) EXPECT_FALSE(takes(false, twice));
  const std::string optional = R"({"properties":{"a":{"type":"string"},"d":{"type":"array"}}})";
  for (const std::string& all : {std::string(), a, d, a + d, d + a})
    EXPECT_TRUE(accepts(xml_call_rules, optional, false, xml(all))) << all;
}

TEST(XmlCallRules, ParametersOfNoListAreAnyUnlessThereAreNone) {
  EXPECT_TRUE(accepts(xml_call_rules, "{}", false, xml_a("x")));
  EXPECT_FALSE(accepts(xml_call_rules, R"({"additionalProperties":false})", true, xml_a("x")));
  EXPECT_TRUE(accepts(xml_call_rules, R"({"additionalProperties":false})", true, xml("")));
  EXPECT_TRUE(accepts(xml_call_rules, R"({"properties":{"a>b":{},"a":{}}})", false, xml_a("x")));
}

// Each way leads to two more, and none to an end.
TEST(XmlCallRules, ReferencesThatLeadToEachOtherAreFollowedOnce) {
  const std::string twice = R"({"anyOf":[{"$ref":"#/$defs/x"},{"$ref":"#/$defs/x"}]})";
  const std::string loop = R"(,"$defs":{"x":)" + twice + "}";
  EXPECT_TRUE(accepts(xml_call_rules, of_a(R"({"$ref":"#/$defs/x"})", loop), false, xml_a("x")));
  EXPECT_THAT(refused(xml_call_rules, of_a(R"({"$ref":"#/$defs/x"})", loop)), HasSubstr("$ref"));
  std::string ways = R"("d20":{"type":"integer"})";
  for (int i = 0; i < 20; ++i) {
    const std::string next = R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + R"("})";
    ways += R"(,"d)" + std::to_string(i) + R"(":{"anyOf":[)" + next + "," + next + "]}";
  }
  EXPECT_TRUE(accepts(xml_call_rules,
                      of_a(R"({"$ref":"#/$defs/d0"})", R"(,"$defs":{)" + ways + "}"), true,
                      xml_a("17")));
}

TEST(GemmaCallRules, ASchemaBindsItsMembers) {
  const std::string schema =
      R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"enum":["x",null]},"og:c":{"type":"string"}},"required":["a"]})";
  const auto takes = [&](const std::string& arguments) {
    return accepts(gemma_call_rules, schema, true, gemma(arguments));
  };
  EXPECT_TRUE(takes("{a:1}"));
  EXPECT_TRUE(takes(R"({a:1,b:<|"|>x<|"|>})"));
  EXPECT_TRUE(takes("{a:1,b:null}"));
  EXPECT_TRUE(takes(R"({a:1,<|"|>og:c<|"|>:<|"|>two "words"<|"|>})"));
  EXPECT_FALSE(takes(R"({b:<|"|>x<|"|>})"));
  EXPECT_FALSE(takes(R"({a:1,b:<|"|>y<|"|>})"));
  EXPECT_FALSE(takes("{a:1,z:2}"));
}

TEST(GemmaCallRules, WhatHasNoListOfMembersIsBoundByWhatItSays) {
  EXPECT_TRUE(accepts(gemma_call_rules, "{}", true, gemma("{z:1}")));
  EXPECT_FALSE(
      accepts(gemma_call_rules, R"({"additionalProperties":false})", true, gemma("{z:1}")));
  const std::string numbers = R"({"additionalProperties":{"type":"integer"}})";
  EXPECT_TRUE(accepts(gemma_call_rules, numbers, true, gemma("{z:1,y:2}")));
  EXPECT_FALSE(accepts(gemma_call_rules, numbers, true, gemma("{z:true}")));
}

TEST(GemmaCallRules, WhatCannotBeSaidOfAStrictToolIsNamed) {
  const auto named = [](const std::string& schema) { return refused(gemma_call_rules, schema); };
  for (const char* keyword : {"not", "if", "prefixItems", "contains", "dependentRequired", "oneOf",
                              "allOf", "pattern", "minimum", "maxItems"})
    EXPECT_THAT(named(of_a(std::string("{\"") + keyword + "\":[]}")), HasSubstr(keyword));
  EXPECT_THAT(named(of_a(R"({"$ref":"#/$defs/none"})")), HasSubstr("$ref"));
  EXPECT_THAT(named(of_a(R"({"$ref":"#/properties/a"})")), HasSubstr("$ref"));
  EXPECT_THAT(named(R"({"required":["b"]})"), HasSubstr("required 'b'"));
}

// As its template sorts them.
TEST(GemmaCallRules, MembersComeInTheOrderOfTheirNames) {
  const std::string schema =
      R"({"properties":{"path":{"type":"string"},"Offset":{"type":"integer"},"limit":{"type":"integer"}},"required":["path"]})";
  EXPECT_TRUE(
      accepts(gemma_call_rules, schema, false, gemma(R"({limit:1,Offset:2,path:<|"|>x<|"|>})")));
}

TEST(GemmaCallRules, WhatStandsBesideIsNotForgotten) {
  const auto named = [](const std::string& schema) { return refused(gemma_call_rules, schema); };
  EXPECT_THAT(named(R"({"properties":{},"anyOf":[{"required":["a"]}]})"), HasSubstr("anyOf"));
  EXPECT_THAT(named(of_a(R"({"anyOf":[{"type":"integer"}],"required":["b"]})")),
              HasSubstr("required"));
  EXPECT_THAT(named(of_a(R"({"anyOf":[{"required":["b"]}]})")), HasSubstr("required"));
  EXPECT_THAT(named(of_a(R"({"$ref":"#","minItems":1})")), HasSubstr("minItems"));
}

TEST(GemmaCallRules, AReferenceMayLeadBackToItself) {
  const std::string tree =
      R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"a":{"type":"integer"},"next":{"$ref":"#/$defs/node"}},"required":["a"]}}})";
  EXPECT_TRUE(accepts(gemma_call_rules, tree, true, gemma("{a:1,next:{a:2,next:{a:3}}}")));
  EXPECT_FALSE(accepts(gemma_call_rules, tree, true, gemma("{a:1,next:{next:{a:3}}}")));
}

}  // namespace
}  // namespace sanctum::text
