#include "gguf/import.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "base/test_directory.h"
#include "gguf/reader.h"
#include "gguf/safetensors_writer.h"
#include "gguf/sentence_piece.h"
#include "gguf/staging_directory.h"
#include "gguf/test_file.h"
#include "gguf/vocabulary.h"

namespace sanctum::gguf {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kWidth = 32, kTokens = 3;

std::string ones(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += raw(1.0f);
  return out;
}

FileMaker silent_model(const std::string& name, const std::string& tokenizer) {
  FileMaker file;
  file.text("general.architecture", name).u32(name + ".block_count", 1);
  file.u32(name + ".attention.head_count", 2).u32(name + ".embedding_length", kWidth);
  file.u32(name + ".feed_forward_length", 64).u32(name + ".context_length", 128);
  file.f32(name + ".attention.layer_norm_rms_epsilon", 1e-5f);
  file.text("tokenizer.ggml.model", tokenizer).text("tokenizer.ggml.pre", "smollm");
  file.key("tokenizer.ggml.scores", 9, raw(6u) + raw(std::uint64_t{kTokens}) + ones(kTokens));
  file.texts("tokenizer.ggml.tokens", {"a", "b", "<end>"})
      .i32s("tokenizer.ggml.token_type", {1, 1, 3});
  file.texts("tokenizer.ggml.merges", {}).u32("tokenizer.ggml.eos_token_id", 2);
  file.tensor("token_embd.weight", {kWidth, kTokens}, Type::kQ8_0, std::string(3 * 34, '\1'));
  file.tensor("output_norm.weight", {kWidth}, Type::kF32, ones(kWidth));
  return file;
}

FileMaker model(const std::string& name = "llama") {
  return silent_model(name, "gpt2").f32(name + ".rope.freq_base", 1e5f);
}

class Import : public ::testing::Test {
 protected:
  ImportResult import(const FileMaker& file, std::uint64_t stop_after = ~0ull,
                      const ImportEnd& end = {}) {
    directory_.write("model.gguf", file.bytes());
    std::atomic<bool> stop{stop_after == 0};
    return import_file(
        directory_.path("model.gguf"), target_,
        [&](std::uint64_t done, std::uint64_t of) {
          EXPECT_LE(done, of);
          if (done >= stop_after) stop = true;
        },
        stop, end);
  }
  void refused(const FileMaker& file, const std::string& word) {
    try {
      import(file);
      ADD_FAILURE() << "imported, though: " << word;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
    expect_nothing_left();
  }
  void expect_nothing_left() {
    for (const auto& entry : fs::directory_iterator(directory_.path()))
      EXPECT_EQ(entry.path().filename(), "model.gguf");
  }
  const TestDirectory directory_;
  const std::string target_ = directory_.path("out");
};

TEST_F(Import, WritesAWholeDirectory) {
  const ImportResult result = import(model());
  EXPECT_EQ(result.architecture, "llama");
  EXPECT_EQ(result.tensors, 2u);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(target_))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names,
            (std::vector<std::string>{"config.json", "generation_config.json", "model.safetensors",
                                      "tokenizer.json", "tokenizer_config.json"}));
  const std::string text = read_file(target_ + "/config.json");
  const json::Document config(text);
  EXPECT_EQ(config.root().at("model_type").as_string(), "llama");
  EXPECT_EQ(config.root().at("vocab_size").as_int(), 3);
  EXPECT_EQ(config.root().at("quantization").at("bits").as_int(), 8);
  EXPECT_TRUE(config.root().at("tie_word_embeddings").as_bool());
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), {}), 2)
      << "the file and the directory";
}

// 10,000 is what ggml has where a file is silent, and wrong for most.
TEST_F(Import, NoModelTurnsAtASpeedThatNobodySaid) {
  const auto theta = [&](const FileMaker& file) {
    import(file);
    const std::string text = read_file(target_ + "/config.json");
    fs::remove_all(target_);
    return json::Document(text).root().at("rope_theta").as_double();
  };
  EXPECT_EQ(theta(model("llama")), 1e5);
  EXPECT_EQ(theta(silent_model("gemma3", "llama")), 1e6);
  for (const std::string old : {"llama", "mistral", "phi3"}) {
    EXPECT_EQ(theta(silent_model(old, "llama")), 1e4);
    refused(silent_model(old, "gpt2"), old + ".rope.freq_base is missing");  // Llama 3, Phi 4
  }
  for (const std::string one : {"qwen2", "qwen3", "smollm3"})
    refused(silent_model(one, "llama"), one + ".rope.freq_base is missing");
  FileMaker experts = silent_model("gpt-oss", "gpt2");
  experts.u32("gpt-oss.expert_count", 2).u32("gpt-oss.expert_used_count", 1);
  refused(experts.u32("gpt-oss.expert_feed_forward_length", 32), "gpt-oss.rope.freq_base");
}

// A window of nothing was one, which layers look through was not read, and logits were bounded by
// what Ollama wrote and never used.
TEST_F(Import, LayersOfGemma3SeeWhatTheFileSays) {
  const auto file = [](std::uint32_t window) {
    FileMaker made = silent_model("gemma3", "llama");
    made.u32("gemma3.attention.sliding_window", window);
    made.f32("gemma3.final_logit_softcapping", 30);
    return made;
  };
  const auto with = [&](const std::string& flags) {
    return file(512).key("gemma3.attention.sliding_window_pattern", 9,
                         raw(7u) + raw(std::uint64_t{flags.size()}) + flags);
  };
  const auto expect = [&](const FileMaker& made, int every) {
    import(made);
    const std::string text = read_file(target_ + "/config.json");
    fs::remove_all(target_);
    const json::Document config(text);
    EXPECT_EQ(config.root().at("sliding_window_pattern").as_int(), every);
    EXPECT_EQ(config.root().has("final_logit_softcapping"), every == 1);
  };
  expect(file(512), 6);
  expect(file(0), 1);
  expect(with(std::string(1, '\0')), 1);
  expect(with(std::string(1, '\1')), 2);
  expect(file(512).u32("gemma3.attention.sliding_window_pattern", 3), 3);
  refused(with(std::string(2, '\1')), "sliding_window_pattern has 2 entries for 1 layers");
}

TEST_F(Import, WhatIsFusedIsTakenApart) {
  const auto fused = [](std::uint64_t rows) {
    std::string blocks;
    for (std::uint64_t row = 0; row < rows; ++row)
      blocks += std::string(2, '\0') + std::string(32, static_cast<char>(row));
    return model("qwen2")
        .u32("qwen2.attention.head_count_kv", 1)
        .tensor("blk.0.attn_qkv.weight", {kWidth, rows}, Type::kQ8_0, blocks)
        .tensor("blk.0.attn_qkv.bias", {rows}, Type::kF32, ones(rows));
  };
  EXPECT_EQ(import(fused(64)).tensors, 8u);
  const std::string weights = read_file(target_ + "/model.safetensors");
  const std::string self = "model.layers.0.self_attn.";
  for (const char* part : {"q_proj.weight", "k_proj.bias", "v_proj.scales"})
    EXPECT_NE(weights.find(self + part), std::string::npos) << part;
  // A row's weights, 128 more: rows 32 to 47 are the keys'.
  EXPECT_NE(weights.find(std::string(32, static_cast<char>(128 + 32)) +
                         std::string(32, static_cast<char>(128 + 33))),
            std::string::npos);
  fs::remove_all(target_);
  refused(fused(60), "attn_qkv.weight has 60 rows; queries, keys and values have 64");
}

// It was imported, and its weights had one name twice.
TEST_F(Import, OneTensorInTwoFormsIsRefused) {
  const auto rows = [](std::uint64_t count) { return std::string(count * 34, '\1'); };
  FileMaker file = model("qwen2");
  file.tensor("blk.0.attn_qkv.weight", {kWidth, 96}, Type::kQ8_0, rows(96));
  file.tensor("blk.0.attn_k.weight", {kWidth, 32}, Type::kQ8_0, rows(32));
  refused(file, "tensor blk.0.attn_k.weight is model.layers.0.self_attn.k_proj.weight, which");
}

TEST_F(Import, APictureHalfIsLeftOutAndTold) {
  FileMaker file = model("gemma3");
  file.tensor("v.patch_embedding.weight", {kWidth}, Type::kF32, ones(kWidth));
  const ImportResult result = import(file);
  EXPECT_EQ(result.left_out, 1u);
  EXPECT_EQ(result.tensors, 2u);
}

TEST_F(Import, LeavesNothingBehindWhenStopped) {
  EXPECT_THROW(import(model(), 0), Error);
  expect_nothing_left();
  EXPECT_THROW(import(model(), 1), Error);
  expect_nothing_left();
}

// As on a disk that is full, but without one.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : former_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &former_);
    const rlimit now{bytes, former_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &former_);
    std::signal(SIGXFSZ, former_handler_);
  }

 private:
  void (*former_handler_)(int);
  rlimit former_{};
};

TEST_F(Import, LeavesNothingBehindWhenTheDiskTakesNoMore) {
  directory_.write("model.gguf", model().bytes());
  for (const rlim_t bytes : {0, 100, 500}) {  // the header, then the data
    const FileSizeLimit limit(bytes);
    const std::atomic<bool> never{false};
    const auto silent = [](std::uint64_t, std::uint64_t) {};
    try {
      import_file(directory_.path("model.gguf"), target_, silent, never);
      ADD_FAILURE() << "imported within " << bytes << " bytes a file";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnavailable) << error.what();
      EXPECT_NE(std::string(error.what()).find("cannot write"), std::string::npos) << error.what();
    }
    expect_nothing_left();
  }
}

TEST_F(Import, OfAFileThatIsWrittenToMeanwhileIsNoModel) {
  const std::string file = directory_.path("model.gguf");
  directory_.write("model.gguf", model().bytes());
  const std::atomic<bool> never{false};
  const auto touch = [&](std::uint64_t, std::uint64_t) {
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::microseconds(1));
  };
  try {
    import_file(file, target_, touch, never);
    ADD_FAILURE() << "imported";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), file + " was written to while it was read: begin again");
  }
  expect_nothing_left();
}

TEST_F(Import, WhatIsAddedAtTheEndStandsThereWithTheRest) {
  const auto add = [&](const std::string& directory) {
    EXPECT_TRUE(fs::exists(directory + "/config.json"));
    EXPECT_FALSE(fs::exists(target_));
    write_file_atomically(directory + "/note", "x");
  };
  const auto refuse = [](const std::string&) { throw Error(ErrorCode::kUnavailable, "no"); };
  EXPECT_THROW(import(model(), ~0ull, refuse), Error);
  expect_nothing_left();
  import(model(), ~0ull, add);
  EXPECT_EQ(read_file(target_ + "/note"), "x");
}

TEST_F(Import, RolesThatNoModelNeedsMayNameNoToken) {
  import(model()
             .u32("tokenizer.ggml.padding_token_id", 3)
             .u32("tokenizer.ggml.unknown_token_id", 0xffffffff));
  EXPECT_EQ(read_file(target_ + "/tokenizer_config.json").find("pad_token"), std::string::npos);
  fs::remove_all(target_);
  refused(model().u32("tokenizer.ggml.bos_token_id", 3), "bos_token_id is 3");
}

TEST_F(Import, TokensHaveALength) {
  const auto with = [](const std::string& token) {
    FileMaker file;
    file.text("tokenizer.ggml.model", "gpt2").text("general.architecture", "llama");
    file.texts("tokenizer.ggml.tokens", {"a", token}).i32s("tokenizer.ggml.token_type", {1, 1});
    return read_header(MemorySource(file.bytes())).metadata;
  };
  read_vocabulary(with(std::string(kTokenBytesMax, 'x')));
  try {
    read_vocabulary(with(std::string(kTokenBytesMax + 1, 'x')));
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("has 1025 bytes for the token 1, over the limit"),
              std::string::npos)
        << error.what();
  }
}

void refused(Vocabulary vocabulary) {
  vocabulary.kinds.assign(vocabulary.tokens.size(), TokenKind::kNormal);
  const std::vector<double> scores(vocabulary.tokens.size(), 0);
  try {
    sentence_piece_merges(Metadata("test.gguf"), vocabulary, scores);
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("too long to take apart"), std::string::npos);
  }
}

TEST(SentencePiece, TakingTokensApartHasLimits) {
  Vocabulary chains, long_ones;
  for (char letter = 'a'; letter <= 'e'; ++letter)  // each of every two shorter ones
    for (std::size_t length = 1; length <= kTokenBytesMax; ++length)
      chains.tokens.emplace_back(length, letter);
  refused(chains);
  constexpr std::size_t kMany = 3 * kBeginningsBytesMax / (kTokenBytesMax * kTokenBytesMax);
  for (std::size_t i = 0; i < kMany; ++i)
    long_ones.tokens.push_back(std::to_string(i) + std::string(kTokenBytesMax - 8, 'x'));
  refused(long_ones);
}

TEST_F(Import, RoomThatIsToComeCounts) {
  constexpr std::uint64_t kNobodyHas = 1ull << 60;
  EXPECT_NO_THROW(check_room(target_, kNobodyHas, kNobodyHas));
  try {
    check_room(target_, kNobodyHas, 5u << 20);
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("MB that are removed before"), std::string::npos)
        << error.what();
  }
}

TEST_F(Import, WhatStandsThereStays) {
  directory_.write("out/precious", "x");
  EXPECT_THROW(import(model()), Error);
  EXPECT_EQ(read_file(target_ + "/precious"), "x");
}

TEST_F(Import, WhatCannotBeImportedIsNamed) {
  refused(model().u32("split.count", 3), "llama-gguf-split --merge");
  refused(model().tensor("blk.0.ssm_a.weight", {kWidth}, Type::kF32, ones(kWidth)),
          "blk.0.ssm_a.weight");
  refused(
      model().tensor("blk.0.attn_q.weight", {kWidth, 30}, Type::kQ8_0, std::string(30 * 34, '\1')),
      "blk.0.attn_q.weight has 30 rows; 2 heads");
  refused(model().tensor("blk.0.attn_norm.weight", {kWidth}, Type::kQ8_0, std::string(34, '\1')),
          "is quantized, but no matrix");
  std::string infinite(kWidth * 34, '\1');
  infinite[1] = '\x7c';
  infinite[0] = '\0';
  refused(model().tensor("blk.0.attn_v.weight", {kWidth, kWidth}, Type::kQ8_0, infinite),
          "blk.0.attn_v.weight has a scale or bias that is no number");
}

TEST(Staging, RemovesWhatAKilledOneLeft) {
  const TestDirectory directory;
  directory.write(".out.importing/half", "x");
  directory.write(".out.import-lock", "1\n");
  StagingDirectory staging(directory.path("out"));
  EXPECT_TRUE(fs::is_empty(staging.path()));
  staging.commit();
  EXPECT_TRUE(fs::exists(directory.path("out")));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), {}), 1);
}

TEST(Staging, ADirectoryThatNobodyLeftIsNotRemoved) {
  const TestDirectory directory;
  directory.write(".out.importing/mine", "x");
  EXPECT_THROW(StagingDirectory(directory.path("out")), Error);
  EXPECT_EQ(read_file(directory.path(".out.importing/mine")), "x");
  EXPECT_FALSE(fs::exists(directory.path(".out.import-lock")));
}

TEST(Staging, TheSecondOfTwoIsRefused) {
  const TestDirectory directory;
  StagingDirectory first(directory.path("out"));
  write_file_atomically(first.path() + "/file", "x");
  EXPECT_THROW(StagingDirectory(directory.path("out")), Error);
  EXPECT_EQ(read_file(first.path() + "/file"), "x") << "the first one's is untouched";
  first.commit();
}

// One that opened the lock before its holder removed it has nobody's lock.
TEST(Staging, ManyAreThereOneAfterAnother) {
  const TestDirectory directory;
  std::atomic<int> there{0}, came{0};
  std::vector<std::thread> writers;
  writers.reserve(4);
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&] {
      while (came < 500) {
        try {
          const StagingDirectory staging(directory.path("out"));
          EXPECT_EQ(++there, 1);
          EXPECT_TRUE(fs::is_directory(staging.path()));
          --there;
          ++came;
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kBusy) << error.what();
        }
      }
    });
  for (auto& writer : writers) writer.join();
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(Staging, AParentThatIsMissingIsNamed) {
  const TestDirectory directory;
  try {
    const StagingDirectory none(directory.path("no/out"));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  }
}

// It was said to be there already.
TEST(Staging, WhatCannotBeLookedAtIsTold) {
  const TestDirectory directory;
  fs::create_symlink("loop", directory.path("loop"));
  try {
    const StagingDirectory none(directory.path("loop/out"));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_NE(std::string(error.what()).find("cannot look at"), std::string::npos) << error.what();
  }
}

TEST(Writer, SeveralFilesHaveAnIndex) {
  const TestDirectory directory;
  {
    SafetensorsWriter writer(directory.path(),
                             {{"a", "F16", {2, 2}, 8}, {"b", "F16", {4}, 8}, {"c", "F16", {2}, 4}},
                             12);
    for (std::size_t i = 0; i < 3; ++i) writer.write(i, 0, "01234567", i == 2 ? 4 : 8);
    writer.finish();
  }
  const std::string text = read_file(directory.path("model.safetensors.index.json"));
  const json::Document index(text);
  EXPECT_EQ(index.root().at("metadata").at("total_size").as_int(), 20);
  EXPECT_EQ(index.root().at("weight_map").at("a").as_string(), "model-00001-of-00002.safetensors");
  EXPECT_EQ(index.root().at("weight_map").at("c").as_string(), "model-00002-of-00002.safetensors");
  const std::string second = read_file(directory.path("model-00002-of-00002.safetensors"));
  EXPECT_TRUE(second.ends_with("012345670123"));
}

}  // namespace
}  // namespace sanctum::gguf
