#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "text/test_fixtures.h"

namespace sanctum::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const char* const kTricky[] = {"Hello, world!",
                               "  two  spaces   and\ttabs\n\n\nlines \n",
                               "1234567890 3.14",
                               "it's we'll I'd",
                               "你好，世界",
                               "🙂👩‍👩‍👧‍👦🇳🇱",
                               "e\u0301 a\u0308 \u200d\ufeff",
                               "x == 1:\n\t\treturn x\r\n",
                               ""};

TEST(Tokenizer, RoundTripsTrickyText) {
  for (const char* name : {"byte_level", "metaspace"}) {
    const auto tokenizer = Tokenizer::load(fixture(name));
    for (const std::string text : kTricky) {
      EXPECT_EQ(tokenizer->decode(tokenizer->encode(text, false), true), text) << name;
    }
  }
}

// A directory of nobody's was said to be a download of ORG/NAME.
TEST(Tokenizer, WhatToDoAboutDamageIsOfWhatThereIs) {
  const TestDirectory root;
  const auto said = [&](const std::string& directory) -> std::string {
    try {
      Tokenizer::load(root.path(directory));
    } catch (const Error& error) {
      return error.what();
    }
    return "loaded";
  };
  for (const char* plain : {"mine", "snapshots/mine", "models--one/snapshots/c"}) {
    root.write(std::string(plain) + "/tokenizer.json", "{");
    EXPECT_THAT(said(plain), HasSubstr("; is it whole? Copy or download it again"));
  }
  root.write("models--org--a--b/snapshots/c/tokenizer.json", "{");
  EXPECT_THAT(said("models--org--a--b/snapshots/c"), HasSubstr("`sanctum models check org/a--b`"));
  EXPECT_THAT(said("models--org--a--b/snapshots/d"), HasSubstr("`sanctum models pull org/a--b "));
}

TEST(Tokenizer, AddsSpecialTokensOnRequest) {
  const auto tokenizer = Tokenizer::load(fixture("byte_level"));
  const int begin = tokenizer->id_of("<|begin|>").value();
  EXPECT_EQ(tokenizer->encode("dog", true).front(), begin);
  EXPECT_NE(tokenizer->encode("dog", false).front(), begin);
  EXPECT_THAT(tokenizer->encode("<|end|>", false), ElementsAre(*tokenizer->id_of("<|end|>")));
}

TEST(Tokenizer, IgnoresTruncationLeftOverFromTraining) {
  const auto tokenizer = Tokenizer::load(fixture("byte_level"));
  EXPECT_GT(tokenizer->encode("one two three four five six seven", false).size(), 4u);
}

TEST(Tokenizer, SkipsSpecialTokensInDecode) {
  const auto tokenizer = Tokenizer::load(fixture("byte_level"));
  const std::vector<int> ids = tokenizer->encode("a<|end|>b<tool_call>", true);
  EXPECT_EQ(tokenizer->decode(ids, true), "ab<tool_call>");
  EXPECT_EQ(tokenizer->decode(ids, false), "<|begin|>a<|end|>b<tool_call>");
}

TEST(Tokenizer, BytesOfAByteLevelVocabularyConcatenateToTheText) {
  const auto tokenizer = Tokenizer::load(fixture("byte_level"));
  EXPECT_TRUE(tokenizer->is_byte_level());
  for (const std::string text : kTricky) {
    std::string bytes;
    for (const int id : tokenizer->encode(text, false)) bytes += tokenizer->token_bytes(id);
    EXPECT_EQ(bytes, text);
  }
}

TEST(Tokenizer, BytesOfAMetaspaceVocabulary) {
  const auto tokenizer = Tokenizer::load(fixture("metaspace"));
  EXPECT_FALSE(tokenizer->is_byte_level());
  EXPECT_EQ(tokenizer->token_bytes(*tokenizer->id_of("▁the")), " the");
  const int byte = *tokenizer->id_of("<0xF0>");
  EXPECT_EQ(tokenizer->token_bytes(byte), "\xF0");
  EXPECT_TRUE(tokenizer->is_byte_fallback(byte));
  EXPECT_FALSE(tokenizer->is_byte_fallback(*tokenizer->id_of("▁the")));
  EXPECT_EQ(tokenizer->token_bytes(*tokenizer->id_of("<s>")), "");
}

TEST(Tokenizer, UnknownIdsAreHarmless) {
  const auto tokenizer = Tokenizer::load(fixture("byte_level"));
  const int beyond = tokenizer->vocabulary();
  for (const int id : {-1, beyond, 1 << 30}) {
    EXPECT_EQ(tokenizer->token_bytes(id), "");
    EXPECT_FALSE(tokenizer->is_special(id));
    EXPECT_EQ(tokenizer->decode(std::vector<int>{id}, false), "");
  }
  EXPECT_EQ(tokenizer->id_of("no such token"), std::nullopt);
  EXPECT_EQ(tokenizer->id_of("\xFF"), std::nullopt);
  EXPECT_TRUE(tokenizer->is_special(*tokenizer->id_of("<|end|>")));
  EXPECT_EQ(*tokenizer->id_of("<tool_call>"), beyond - 1);
}

TEST(Tokenizer, InvalidUtf8IsReplaced) {
  const auto tokenizer = Tokenizer::load(fixture("byte_level"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("a\xFF"
                                                "b",
                                                false),
                              true),
            "a\uFFFDb");
}

TEST(Tokenizer, EndIdsOfEveryFile) {
  const auto tokenizer = Tokenizer::load(fixture("byte_level"));
  EXPECT_THAT(tokenizer->end_ids(),
              ElementsAre(*tokenizer->id_of("<|eom|>"), *tokenizer->id_of("<|end|>")));

  const TestDirectory directory;
  directory.copy(fixture("metaspace"));
  directory.write("config.json", R"({"text_config": {"eos_token_id": 7}})");
  EXPECT_THAT(Tokenizer::load(directory.path())->end_ids(), ElementsAre(7, 2));
}

TEST(Tokenizer, DeclaredSpecialTokensAreSpecial) {
  const TestDirectory directory;
  directory.copy(fixture("byte_level"));
  directory.write("tokenizer_config.json",
                  R"({"added_tokens_decoder": {"323": {"content": "<tool_call>", "special": true},
                      "324": {"content": "<new>", "special": false}}})");
  const auto tokenizer = Tokenizer::load(directory.path());
  EXPECT_TRUE(tokenizer->is_special(323));
  EXPECT_EQ(tokenizer->id_of("<new>"), 324);
  EXPECT_THAT(tokenizer->encode("<new>", false), ElementsAre(324));
}

std::string load_error(const std::string& directory, ErrorCode code) {
  try {
    Tokenizer::load(directory);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  return "no error";
}

TEST(Tokenizer, ErrorsNameTheFile) {
  const TestDirectory directory;
  EXPECT_THAT(load_error(directory.path(), ErrorCode::kNotFound), HasSubstr("tokenizer.json"));
  directory.write("tokenizer.json", "{\"model\": 3");
  EXPECT_THAT(load_error(directory.path(), ErrorCode::kCorrupt),
              HasSubstr(directory.path() + "/tokenizer.json"));
  directory.copy(fixture("metaspace"));
  directory.write("generation_config.json", R"({"eos_token_id": "two"})");
  EXPECT_THAT(load_error(directory.path(), ErrorCode::kCorrupt),
              HasSubstr("generation_config.json, field eos_token_id"));
}

// The table has a row for every id: one wild id must not ask for billions, or wrap to none.
TEST(Tokenizer, AnIdOverTheLimitIsRefused) {
  for (const std::string id : {"16777216", "4294967295"}) {
    const TestDirectory directory;
    directory.copy(fixture("metaspace"));
    std::string text = read_file(directory.path() + "/tokenizer.json");
    const std::string vocabulary = "\"vocab\":{";
    const auto at = text.find(vocabulary);
    ASSERT_NE(at, std::string::npos);
    text.insert(at + vocabulary.size(), "\"no such piece\": " + id + ",");
    directory.write("tokenizer.json", text);
    EXPECT_THAT(load_error(directory.path(), ErrorCode::kCorrupt),
                HasSubstr("a token of id " + id));
  }
}

TEST(Tokenizer, ServesManyThreads) {
  const auto tokenizer = Tokenizer::load(fixture("byte_level"));
  std::vector<std::vector<int>> expected;
  for (const char* text : kTricky) expected.push_back(tokenizer->encode(text, true));
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  threads.reserve(wrong.size());
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 200; ++round) {
        for (std::size_t i = 0; i < std::size(kTricky); ++i) {
          if (tokenizer->encode(kTricky[i], true) != expected[i]) ++wrong[t];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, testing::Each(0));
}

TEST(Tokenizer, ReadsTheBuiltInModel) {
  const auto tokenizer = Tokenizer::load(source_directory() + "/models/smoke");
  EXPECT_TRUE(tokenizer->is_byte_level());
  EXPECT_THAT(tokenizer->end_ids(), testing::Contains(*tokenizer->id_of("<|im_end|>")));
  for (const std::string text : kTricky) {
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text, false), true), text);
  }
}

}  // namespace
}  // namespace sanctum::text
