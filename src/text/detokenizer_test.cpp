#include "text/detokenizer.h"

#include <gtest/gtest.h>

#include <random>

#include "base/file.h"
#include "base/json.h"
#include "text/control_marks.h"
#include "text/test_fixtures.h"
#include "text/utf8_stream.h"

namespace sanctum::text {
namespace {

constexpr const char* kKinds[] = {"byte_level", "tekken", "metaspace", "unigram"};

bool whole_characters(std::string text) {
  take_characters(text, false);
  return text.empty();
}

std::string stream(const std::shared_ptr<const Tokenizer>& tokenizer, const std::vector<int>& ids) {
  Detokenizer detokenizer(tokenizer);
  std::string text;
  for (const int id : ids) {
    const std::string piece = detokenizer.push(id);
    EXPECT_TRUE(whole_characters(piece));
    text += piece;
  }
  return text + detokenizer.finish();
}

TEST(Detokenizer, PiecesConcatenateToTheWhole) {
  for (const char* name : kKinds) {
    const auto tokenizer = Tokenizer::load(fixture(name));
    for (const std::string text : {"the quick brown fox", " leading", "  two", "你好 🙂🙂 мир",
                                   "a\n\n  b", "hello<|end|></s>x"}) {
      const std::vector<int> ids = tokenizer->encode(text, true);
      EXPECT_EQ(stream(tokenizer, ids), tokenizer->decode(ids, true)) << name << ": " << text;
    }
  }
}

// Models do emit nonsense: lone bytes, special tokens in the middle, spaces first.
TEST(Detokenizer, EqualsDecodeForAnySequence) {
  std::mt19937 random(7);
  for (const char* name : kKinds) {
    const auto tokenizer = Tokenizer::load(fixture(name));
    std::uniform_int_distribution<int> any(0, tokenizer->vocabulary() - 1);
    for (int round = 0; round < 300; ++round) {
      std::vector<int> ids(static_cast<std::size_t>(round % 24));
      for (int& id : ids) id = any(random);
      EXPECT_EQ(stream(tokenizer, ids), tokenizer->decode(ids, true))
          << name << ": " << testing::PrintToString(ids);
    }
  }
}

// Each of them between words, between the bytes of a character, and twice in a row.
TEST(Detokenizer, ShowsNoControlTokenAndSplitsNoCharacterAtOne) {
  for (const char* name : kKinds) {
    const auto tokenizer = Tokenizer::load(fixture(name));
    for (int control = 0; control < tokenizer->vocabulary(); ++control) {
      if (!tokenizer->is_special(control)) continue;
      for (const std::string text : {"the 你🙂 dog", "hello"}) {
        const std::vector<int> ids = tokenizer->encode(text, false);
        for (std::size_t at = 0; at <= ids.size(); ++at) {
          std::vector<int> with = ids;
          with.insert(with.begin() + static_cast<std::ptrdiff_t>(at), 2, control);
          EXPECT_EQ(stream(tokenizer, with), tokenizer->decode(with, true)) << name << at;
          EXPECT_EQ(tokenizer->decode(with, true), tokenizer->decode(ids, true)) << name << at;
        }
      }
    }
  }
}

TEST(Detokenizer, HoldsAnUnfinishedCharacter) {
  const auto tokenizer = Tokenizer::load(fixture("byte_level"));
  const std::vector<int> ids = tokenizer->encode("🙂", false);
  ASSERT_GT(ids.size(), 1u);
  Detokenizer detokenizer(tokenizer);
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) EXPECT_EQ(detokenizer.push(ids[i]), "");
  EXPECT_EQ(detokenizer.push(ids.back()), "🙂");
  detokenizer.push(ids.front());
  EXPECT_EQ(detokenizer.finish(), "\uFFFD");
  EXPECT_EQ(detokenizer.finish(), "");
}

TEST(Detokenizer, WordsComeOutAtOnce) {
  const auto tokenizer = Tokenizer::load(fixture("metaspace"));
  Detokenizer detokenizer(tokenizer);
  EXPECT_EQ(detokenizer.push(*tokenizer->id_of("▁the")), "the");
  EXPECT_EQ(detokenizer.push(*tokenizer->id_of("▁dog")), " dog");
}

// A decoder may look at the whole text: what is out already is not taken back.
TEST(Detokenizer, AnEndThatMakesTheTextShorterAddsNothing) {
  const TestDirectory directory;
  directory.copy(fixture("metaspace"));
  const std::string path = directory.path() + "/tokenizer.json";
  json::Document whole(read_file(path), "", json::kOwnDepthMax);
  json::Writer writer;
  writer.begin_object();
  for (const auto& [key, node] : whole.root().members()) {
    if (key != "decoder") writer.key(key).raw(node.dump());
  }
  writer.key("decoder").raw(R"({"type": "Sequence", "decoders": [
      {"type": "ByteFallback"}, {"type": "Fuse"},
      {"type": "Replace", "pattern": {"String": "▁the!"}, "content": ""}]})");
  directory.write("tokenizer.json", writer.end_object().take());
  const auto tokenizer = Tokenizer::load(directory.path());
  Detokenizer detokenizer(tokenizer);
  EXPECT_EQ(detokenizer.push(*tokenizer->id_of("▁the")), "▁the");
  EXPECT_EQ(detokenizer.push(*tokenizer->id_of("<0x21>")), "");
  EXPECT_EQ(detokenizer.finish(), "");
}

TEST(Detokenizer, MarksTheMarkersAskedFor) {
  const auto byte_level = Tokenizer::load(fixture("byte_level"));
  const int end = *byte_level->id_of("<|end|>");
  EXPECT_EQ(Detokenizer(byte_level).push(end), "");
  EXPECT_EQ(Detokenizer(byte_level, {"unknown", "<|end|>"}).push(end),
            std::string(1, control_mark(1)));
  const auto metaspace = Tokenizer::load(fixture("metaspace"));
  Detokenizer detokenizer(metaspace, {"</s>"});
  const int the = *metaspace->id_of("▁the"), stop = *metaspace->id_of("</s>");
  EXPECT_EQ(detokenizer.push(the) + detokenizer.push(stop) + detokenizer.push(the),
            std::string("the") + control_mark(0) + " the");
}

}  // namespace
}  // namespace sanctum::text
