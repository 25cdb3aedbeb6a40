#include "text/parameter_value.h"

#include <gtest/gtest.h>

namespace sanctum::text {
namespace {

TEST(ParameterValue, TypesOfJson) {
  EXPECT_EQ(json_type(" {\"a\":[1]} "), kJsonObject);
  EXPECT_EQ(json_type("[1, 2]"), kJsonArray);
  EXPECT_EQ(json_type("\"x\""), kJsonString);
  EXPECT_EQ(json_type("-1.5e3"), kJsonNumber);
  EXPECT_EQ(json_type("true"), kJsonBoolean);
  EXPECT_EQ(json_type("null"), kJsonNull);
  for (const std::string_view text : {"", " ", "1, 2", "1]", "01", "+1", "nul", "True", "{", "'a'"})
    EXPECT_FALSE(json_type(text)) << text;
}

TEST(ParameterValue, AStringStaysOneWhateverItSays) {
  for (const auto& [text, json] : {std::pair{"12", R"("12")"},
                                   {"true", R"("true")"},
                                   {"  a\n  b ", R"("  a\n  b ")"},
                                   {"\"x\"", R"("\"x\"")"}})
    EXPECT_EQ(parameter_json(kJsonString, text), json);
}

TEST(ParameterValue, OtherTypesAreWhatWasWritten) {
  EXPECT_EQ(parameter_json(kJsonNumber, "12345678901234567890123"), "12345678901234567890123");
  EXPECT_EQ(parameter_json(kJsonNumber, " 1.10 "), "1.10");
  EXPECT_EQ(parameter_json(kJsonBoolean, "True"), "true");
  EXPECT_EQ(parameter_json(kJsonBoolean, "false"), "false");
  EXPECT_EQ(parameter_json(kJsonNull, "None"), "null");
  EXPECT_EQ(parameter_json(kJsonArray, "[1, {\"a\": \"b\"}]"), "[1, {\"a\": \"b\"}]");
  EXPECT_EQ(parameter_json(kJsonObject, "{}"), "{}");
  EXPECT_EQ(parameter_json(kJsonNumber, "[1]"), "[1]") << "the client will say";
  EXPECT_EQ(parameter_json(kJsonNumber, "twelve"), R"("twelve")");
  EXPECT_EQ(parameter_json(kJsonObject, "{'a': 1}"), R"("{'a': 1}")");
}

TEST(ParameterValue, WhereSeveralAreAllowed) {
  const JsonTypes nullable = kJsonString | kJsonNull;
  EXPECT_EQ(parameter_json(nullable, "null"), "null");
  EXPECT_EQ(parameter_json(nullable, "None"), "null");
  EXPECT_EQ(parameter_json(nullable, "12"), R"("12")");
  EXPECT_EQ(parameter_json(kJsonString | kJsonNumber, "12"), "12");
  EXPECT_EQ(parameter_json(kJsonAny, "12"), "12");
  EXPECT_EQ(parameter_json(kJsonAny, "True"), R"("True")");
  EXPECT_EQ(parameter_json(kJsonAny, "\"x\""), R"("\"x\"")");
  EXPECT_EQ(parameter_json(kJsonAny, "1 2"), R"("1 2")");
}

}  // namespace
}  // namespace sanctum::text
