#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace sanctum::json {
namespace {

using testing::HasSubstr;

// The field and message of the Error that `f` throws.
template <class F>
std::pair<std::string, std::string> error_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    return {error.field(), error.what()};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST(JsonParse, RefusesMalformedText) {
  for (const char* text :
       {"", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "nul", "1 2", "[1] x", "'a'", "\"\\x\"",
        "\"a\nb\"", "01", "+1", ".5", "// c\n1", "{\"a\" 1}"}) {
    EXPECT_THROW(Document{text}, Error) << text;
  }
}

TEST(JsonParse, RefusesNumbersThatAreNotFinite) {
  for (const char* text : {"NaN", "Infinity", "-Infinity", "1e400", "-1e400"}) {
    EXPECT_THROW(Document{text}, Error) << text;
  }
}

TEST(JsonParse, RefusesDuplicateKeys) {
  const auto [field, message] = error_of([] { Document("{\"a\":1,\"b\":{\"x\":1,\"x\":2}}"); });
  EXPECT_THAT(message, HasSubstr("\"x\" appears twice"));
  EXPECT_THROW(Document("{\"a\":1,\"\\u0061\":2}"), Error);  // the same key, spelled otherwise
  Document("{\"a\":{\"a\":1},\"b\":{\"a\":1}}");
}

TEST(JsonParse, BoundsDepth) {
  EXPECT_THROW(Document(std::string(100000, '[')), Error);
  EXPECT_THROW(Document(std::string(kDepthMax + 1, '[') + std::string(kDepthMax + 1, ']')), Error);
  Document(std::string(kDepthMax - 1, '[') + std::string(kDepthMax - 1, ']'));
}

TEST(JsonParse, DepthCanBeAllowedForWhatWeWroteOurselves) {
  const std::string deep = std::string(kDepthMax + 1, '[') + std::string(kDepthMax + 1, ']');
  EXPECT_THROW(Document{deep}, Error);
  EXPECT_NO_THROW((Document{deep, {}, kOwnDepthMax}));
}

TEST(JsonParse, BoundsTheNumberOfValues) {
  const auto zeros = [](std::size_t count) {
    std::string text = "[0";
    for (std::size_t i = 1; i < count; ++i) text += ",0";
    return text + "]";
  };
  EXPECT_NO_THROW(Document{zeros(kValuesMax - 1)});
  EXPECT_THAT(error_of([&] { Document{zeros(kValuesMax)}; }).second, HasSubstr("values"));
}

TEST(JsonParse, RefusesLoneSurrogatesAndBrokenUtf8) {
  EXPECT_THROW(Document("\"\\ud800\""), Error);
  EXPECT_THROW(Document("\"\\udc00\""), Error);
  EXPECT_THROW(Document("\"\\ud800x\""), Error);
  EXPECT_THROW(Document("\"\xff\""), Error);
  EXPECT_THROW(Document("\"\xed\xa0\x80\""), Error);
  EXPECT_EQ(Document("\"\\ud83d\\ude00\"").root().as_string(), "\xf0\x9f\x98\x80");
}

TEST(JsonParse, NamesByteOrderMarksAndLoneSurrogates) {
  const auto said = [](const std::string& text) {
    return error_of([&] { Document{text}; }).second;
  };
  EXPECT_THAT(said("\xef\xbb\xbf{}"), HasSubstr("byte order mark"));
  EXPECT_THAT(said("\xff\xfe{"), HasSubstr("UTF-16"));
  for (const char* text :
       {"\"\\ud800\"", "\"\\uDC00\"", "\"\\ud800x\"", "\"\\ud83d\\ud83d\"",
        "[\"\\ud83d\\ude00\\ude00\"]", "\"\\ud800\\n\"", "\"\\ud800\\u0041\"", "{\"a\\ud800\":1}"})
    EXPECT_THAT(said(text), HasSubstr("lone surrogate")) << text;
  EXPECT_THAT(said("[\"aaaaaaaaaaaaaaaaa\xed\xb0\x80\"]"), HasSubstr("lone surrogate"));
  EXPECT_THAT(said("\"\xc3\""), HasSubstr("no UTF-8"));
  for (const char* text : {"\"\\ud83d\\ude00\\x\"", "\"\\\\ud800\\x\"", "\"\\ud8", "{\"a\":}"}) {
    EXPECT_THAT(said(text), testing::Not(HasSubstr("surrogate"))) << text;
    EXPECT_THAT(said(text), HasSubstr("malformed JSON near byte")) << text;
  }
}

TEST(JsonParse, NamesTheTextThatIsMalformed) {
  const auto [field, said] = error_of([] { Document("{", "config.json"); });
  EXPECT_EQ(field, "config.json");
  EXPECT_THAT(said, testing::StartsWith("'config.json' is malformed JSON near byte"));
}

TEST(JsonNode, ConvertsNothingSilently) {
  const Document document(
      R"({"f":1.9,"t":true,"s":"1","i":3,"e":3.0,"n":null,"big":18446744073709551615})");
  const Node root = document.root();
  EXPECT_EQ(error_of([&] { root.at("f").as_int(); }).first, "f");
  EXPECT_EQ(error_of([&] { root.at("t").as_int(); }).first, "t");
  EXPECT_EQ(error_of([&] { root.at("s").as_int(); }).first, "s");
  EXPECT_EQ(error_of([&] { root.at("t").as_double(); }).first, "t");
  EXPECT_EQ(error_of([&] { root.at("i").as_bool(); }).first, "i");
  EXPECT_EQ(error_of([&] { root.at("i").as_string(); }).first, "i");
  EXPECT_EQ(error_of([&] { root.at("big").as_int(); }).first, "big");
  EXPECT_EQ(root.at("i").as_int(), 3);
  EXPECT_EQ(root.at("e").as_int(), 3);
  EXPECT_EQ(root.at("i").as_double(), 3.0);
  EXPECT_EQ(root.at("big").as_uint64(), 18446744073709551615u);
}

TEST(JsonNode, ErrorsNameThePathAndWhatWasFound) {
  const Document document(R"({"messages":[{"role":"user"},{"role":7}]})");
  const auto messages = document.root().at("messages").as_array();
  const auto [field, message] = error_of([&] { messages[1].at("role").as_string(); });
  EXPECT_EQ(field, "messages[1].role");
  EXPECT_EQ(message, "'messages[1].role' must be a string, not an integer");
  EXPECT_EQ(error_of([&] { messages[0].at("content"); }).first, "messages[0].content");
  EXPECT_EQ(error_of([&] { document.root().at("messages").as_array(1); }).first, "messages");
  EXPECT_EQ(error_of([&] { messages[0].as_array(); }).first, "messages[0]");
}

TEST(JsonNode, EnforcesBounds) {
  const Document document(R"({"n":2147483648,"x":-0.5})");
  EXPECT_THAT(error_of([&] { document.root().at("n").as_int(0, 128); }).second,
              HasSubstr("at most 128"));
  EXPECT_THAT(error_of([&] { document.root().at("x").as_double(0, 2); }).second,
              HasSubstr("at least 0"));
}

TEST(JsonNode, NullCountsAsAbsentAndUnknownKeysAreNamed) {
  const Document document(R"({"a":null,"b":1})");
  EXPECT_FALSE(document.root().has("a"));
  EXPECT_EQ(document.root().as_int_or("a", 5), 5);
  EXPECT_EQ(error_of([&] { document.root().at("a"); }).first, "a");
  EXPECT_EQ(error_of([&] { document.root().only({"a"}); }).first, "b");
  document.root().only({"a", "b"});
}

TEST(JsonWriter, WritesCommasEscapesAndNumbers) {
  Writer w;
  w.begin_object()
      .field("a", 1)
      .key("b")
      .begin_array()
      .value(true)
      .null()
      .value("x\"\n\x01")
      .end_array();
  w.key("c").begin_object().end_object().field("d", 0.1).end_object();
  const std::string text = w.take();
  EXPECT_EQ(text, "{\"a\":1,\"b\":[true,null,\"x\\\"\\n\\u0001\"],\"c\":{},\"d\":0.1}");
  EXPECT_EQ(Document(text).root().at("b").as_array()[2].as_string(), "x\"\n\x01");
}

TEST(JsonWriter, DoublesReadBackExactly) {
  for (const double value : {0.1, 1.0 / 3.0, 1e-300, 6.02214076e23, -0.0078125, 123456789.123456}) {
    EXPECT_EQ(std::stod(number(value)), value);
  }
  EXPECT_EQ(number(std::nan("")), "null");
  EXPECT_EQ(number(-INFINITY), "null");
}

TEST(JsonWriter, BrokenUtf8BecomesAReplacementCharacter) {
  EXPECT_EQ(quote("a\xff"
                  "b"),
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_EQ(quote("\xed\xa0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));
  EXPECT_FALSE(is_utf8("a\xff"));
  EXPECT_TRUE(is_utf8("a\xEF\xBF\xBD"));
  EXPECT_EQ(quote("\xc3\xa9"), "\"\xc3\xa9\"");
}

}  // namespace
}  // namespace sanctum::json
