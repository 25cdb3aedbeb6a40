#include "gateway/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/test_directory.h"
#include "gateway/described.h"
#include "gateway/openai_fields.h"

namespace sanctum::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr Field kRows[] = {
    {"asked", FieldClass::kHonoured, "{}", "what is asked"},
    {"off", FieldClass::kNeutral, "{}", "cannot be on", R"([false,0,"none"])"},
    {"hint", FieldClass::kHint, "{}", "the client's own"},
};
constexpr ObjectFields kStrictTable{"Request", {kRows}}, kLooseTable{"Part", {kRows}, true};

std::vector<std::string> ignored(const std::string& text, const ObjectFields& table) {
  FieldNotes notes;
  check_fields(json::Document(text).root(), table, notes);
  return notes.ignored();
}

std::string refused(const std::string& text, const ObjectFields& table, bool strict = false) {
  try {
    FieldNotes notes(strict);
    check_fields(json::Document(text).root(), table, notes);
  } catch (const Error& error) {
    return error.field() + ": " + error.what();
  }
  return "(accepted)";
}

TEST(Fields, EachClassIsTakenAsItIs) {
  EXPECT_THAT(ignored(R"({"asked":1,"off":false,"hint":{"a":1}})", kStrictTable),
              ElementsAre("hint"));
  EXPECT_THAT(ignored(R"({"off":0.0})", kStrictTable), ElementsAre()) << "0 and 0.0 are one";
  EXPECT_THAT(ignored(R"({"off":"none","more":null})", kStrictTable), ElementsAre());
  EXPECT_THAT(refused(R"({"off":true})", kStrictTable), HasSubstr("off: "));
  EXPECT_THAT(refused(R"({"off":true})", kStrictTable), HasSubstr("cannot be on"));
  EXPECT_THAT(refused(R"({"more":1})", kStrictTable), HasSubstr("more: "));
  EXPECT_THAT(ignored(R"({"more":1})", kLooseTable), ElementsAre("more"));
  EXPECT_THAT(refused(R"({"off":true})", kLooseTable), HasSubstr("cannot be on"));
}

TEST(Fields, StrictRefusesHintsAndSaysWhy) {
  EXPECT_THAT(refused(R"({"hint":1})", kStrictTable, true), HasSubstr("--strict-fields"));
  EXPECT_THAT(refused(R"({"more":1})", kLooseTable, true), HasSubstr("more: "));
  EXPECT_EQ(refused(R"({"asked":1,"off":0})", kStrictTable, true), "(accepted)");
}

// A header must hold what a client called its fields.
TEST(Fields, WhatIsIgnoredIsNamedOnceAndBriefly) {
  const json::Document document(R"([{"a\r\nSet-Cookie: b":1,"x,y":1},{"x,y":2}])");
  FieldNotes notes;
  for (const auto& node : document.root().as_array()) check_fields(node, kLooseTable, notes);
  EXPECT_THAT(notes.ignored(), ElementsAre("[].a??Set-Cookie:?b", "[].x?y"));
  FieldNotes many;
  std::string text = "{";
  for (int i = 0; i < 99; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":1";
  check_fields(json::Document(text + "}").root(), kLooseTable, many);
  EXPECT_THAT(many.ignored(), SizeIs(FieldNotes::kIgnoredMax + 1));
  EXPECT_EQ(many.ignored().back(), "...");
}

// `sanctum serve --fields > docs/fields.md` makes it anew.
TEST(Fields, OneThatIsMisspeltIsTold) {
  FieldNotes notes;
  const json::Document document(R"({"temperatur":1})");
  try {
    check_fields(document.root(), kChatRequestFields, notes);
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'temperature'"), std::string::npos)
        << error.what();
  }
}

TEST(Fields, StandOnThePageForPeople) {
  EXPECT_EQ(read_file(source_directory() + "/docs/fields.md"), fields_page(field_groups()));
}

TEST(Fields, AreDescribedByADocumentThatRefersToNothingElse) {
  const std::string text = openapi_document(described_posts(), field_groups());
  const json::Document document(text);
  const auto schemas = document.root().at("components").at("schemas");
  std::size_t tables = 0;
  for (const auto& group : field_groups()) tables += group.tables.size();
  EXPECT_EQ(schemas.members().size(), tables) << "each has a name of its own";
  constexpr std::string_view kReference = "\"#/components/schemas/";
  std::size_t references = 0;
  for (std::size_t at = 0; (at = text.find(kReference, at)) != std::string::npos; ++references) {
    at += kReference.size();
    EXPECT_TRUE(schemas.has(text.substr(at, text.find('"', at) - at))) << text.substr(at, 40);
  }
  EXPECT_GT(references, std::size_t{5});
}

TEST(Fields, EveryRowIsWhole) {
  std::vector<const ObjectFields*> tables;
  for (const auto& group : field_groups())
    tables.insert(tables.end(), group.tables.begin(), group.tables.end());
  for (const auto* table : tables) {
    std::set<std::string_view> names;
    for (const auto rows : table->rows) {
      for (const auto& field : rows) {
        EXPECT_TRUE(names.insert(field.name).second) << table->name << " has twice " << field.name;
        EXPECT_TRUE(json::Document(field.schema).root().is_object()) << field.name;
        EXPECT_FALSE(field.means.empty()) << field.name;
        EXPECT_EQ(field.neutral.empty(), field.what != FieldClass::kNeutral) << field.name;
        if (!field.neutral.empty()) json::Document(field.neutral).root().as_array();
      }
    }
  }
}

}  // namespace
}  // namespace sanctum::gateway
