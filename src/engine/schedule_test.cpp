// Concurrency changes nothing: whatever else is served, however prompts are cut, whether memory
// runs out or a prefix is cached, and after a resume, a request's tokens and logprobs keep their
// bits. With the CPU kernels; the built-in model, which has pictures and 8-bit weights.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <random>

#include "base/file.h"
#include "base/test_directory.h"
#include "engine/model_runner.h"
#include "engine/text_model.h"
#include "models/registry.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;

constexpr int kTokensMax = 24;             // of one answer
constexpr double kLogprobErrorMax = 1e-3;  // of MLX's operations, of float32
constexpr int kStepsMax = 5000;            // of one schedule; a few hundred are usual

// Sanitizers look for other faults than wrong answers, and take ten times as long.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

bool proving() {
  return std::getenv("SANCTUM_PROVE") != nullptr;
}

struct Answer {
  std::vector<int> tokens;
  std::vector<std::vector<std::pair<int, double>>> top;
  bool operator==(const Answer&) const = default;
};

class Requests {
 public:
  // Of the first `texts` questions, each also behind `padding` letters.
  Requests(nn::BackendPointer backend, std::size_t texts, std::size_t padding)
      : directory_(source_directory() + "/models/smoke"), backend_(std::move(backend)) {
    description_ = models::describe(directory_);
    text_ = std::make_unique<TextModel>(description_);
    model_ = models::load_model(description_, backend_, [](std::uint64_t, std::uint64_t) {});
    const std::string system(padding, 'x');
    const std::vector<std::string> pictures = {picture("rgb.png"), picture("gray.png")};
    for (std::size_t i = 0; i < texts; ++i) {
      const std::string text = kTexts[i];
      add(R"([{"role":"user","content":")" + text + R"("}])", {});
      add(R"([{"role":"system","content":")" + system + R"("},{"role":"user","content":")" + text +
              R"("}])",
          {});
    }
    for (const std::string& file : pictures) {
      for (const char* text : {"What color is this?", "Describe the picture."}) {
        add(R"([{"role":"user","content":[{"type":"image"},{"type":"text","text":")" +
                std::string(text) + system + R"("}]}])",
            {file});
      }
    }
    // One that ends where a block of the cache does.
    models::Prompt whole = prompts_[1];
    whole.tokens.resize(128);
    whole.positions.resize(128);
    whole.next_position = 128;
    prompts_.push_back(std::move(whole));
    for (std::size_t i = 0; i < prompts_.size(); ++i) {
      ModelRunner alone = runner({1, 4096}, kPlenty, 0);
      alone.submit(sequence(i, 0));
      std::map<std::string, Answer> answers;
      while (!alone.idle()) collect(alone.step(), answers);
      solo_.push_back(answers.at(std::to_string(i)));
    }
  }

  std::size_t count() const { return prompts_.size(); }
  const Answer& solo(std::size_t at) const { return solo_[at]; }

  ModelRunner runner(StepLimits limits, int blocks, std::uint64_t prefix_bytes) const {
    const auto& kv = model_->traits().kv;
    const std::uint64_t block =
        std::uint64_t{64} * kv.layers * kv.kv_heads * kv.head_size * 2 * kernels::bytes_of(kv.type);
    return {model_, backend_, backend_->kv_memory(kv, block * static_cast<std::uint64_t>(blocks)),
            limits, prefix_bytes};
  }

  // Request `at`, of whose answer the first `said` tokens are known already. Even ones are greedy.
  std::unique_ptr<Sequence> sequence(std::size_t at, std::size_t said) const {
    auto out = std::make_unique<Sequence>();
    out->request = std::to_string(at);
    out->prompt = prompts_[at];
    out->sampling.temperature = at % 2 == 0 ? 0 : 1.2;
    out->sampling.top_logprobs = 3;
    if (at % 3 == 0) out->sampling.frequency_penalty = 0.7;
    out->seed = 1000 + at;
    out->tokens_max = kTokensMax;
    for (std::size_t i = 0; i < said; ++i) {
      out->output.push_back(solo_[at].tokens[i]);
      out->counts.add_output(solo_[at].tokens[i]);
    }
    return out;
  }

  static void collect(const StepOutput& output, std::map<std::string, Answer>& answers) {
    for (const TokenOutput& token : output.tokens) {
      Answer& answer = answers[token.request];
      answer.tokens.push_back(token.sampled.token);
      answer.top.push_back(token.sampled.top);
    }
  }

  static constexpr int kPlenty = 1000;  // blocks
  static constexpr std::array<const char*, 5> kTexts = {
      "What is 47 + 38?", "Count from 3 to 40", "Repeat qwertz-12", "Hello", "Who are you?"};

 private:
  static std::string picture(const std::string& name) {
    return read_file(source_directory() + "/src/image/testdata/pictures/" + name);
  }
  void add(const std::string& messages, std::vector<std::string> images) {
    wire::GenerateRequest request;
    request.messages_json = messages;
    request.images = std::move(images);
    request.image_paths.assign(request.images.size(), "messages[0].content[0]");
    request.sampling.seed = 1;
    prompts_.push_back(text_->prepare(request)->prompt);
  }

  std::string directory_;
  models::Description description_;
  std::unique_ptr<TextModel> text_;
  nn::BackendPointer backend_;
  std::shared_ptr<const models::Model> model_;
  std::vector<models::Prompt> prompts_;
  std::vector<Answer> solo_;
};

void compare_schedules(const nn::CpuOptions& options, unsigned schedules) {
  const Requests requests(nn::cpu_backend(options), Requests::kTexts.size(), 300);
  for (unsigned seed = 1; seed <= schedules; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    const StepLimits limits{pick(1, 32), pick(0, 2) == 0 ? 400 : pick(33, 100)};
    const int blocks = pick(0, 1) == 0 ? Requests::kPlenty : pick(12, 30);
    ModelRunner runner = requests.runner(limits, blocks, pick(0, 2) == 0 ? 0 : 1u << 30);
    std::map<std::string, Answer> answers;
    std::map<std::string, std::size_t> live, said;  // by request: which, and what it knew
    std::vector<std::string> cancelled;
    const int total = pick(1, 40);
    int submitted = 0;
    for (int steps = 0; submitted < total || !runner.idle(); ++steps) {
      ASSERT_LT(steps, kStepsMax) << "schedule " << seed << " does not end";
      while (submitted < total && (runner.idle() || pick(0, 2) == 0)) {
        const auto at = static_cast<std::size_t>(pick(0, static_cast<int>(requests.count()) - 1));
        const std::size_t known =
            pick(0, 4) == 0 ? static_cast<std::size_t>(
                                  pick(0, static_cast<int>(requests.solo(at).tokens.size()) - 1))
                            : 0;
        auto sequence = requests.sequence(at, known);
        sequence->request = std::to_string(submitted++);
        live[sequence->request] = at;
        said[sequence->request] = known;
        runner.submit(std::move(sequence));
      }
      if (pick(0, 20) == 0 && submitted < total) {
        const std::string who = std::to_string(pick(0, submitted - 1));
        if (runner.cancel(who)) cancelled.push_back(who);
      }
      Requests::collect(runner.step(), answers);
    }
    for (const auto& [request, at] : live) {
      const Answer& solo = requests.solo(at);
      const Answer& found = answers[request];
      const auto first = static_cast<std::ptrdiff_t>(said[request]);
      const bool cut = std::find(cancelled.begin(), cancelled.end(), request) != cancelled.end();
      const auto last = cut ? first + static_cast<std::ptrdiff_t>(found.tokens.size())
                            : static_cast<std::ptrdiff_t>(solo.tokens.size());
      const Answer expected{{solo.tokens.begin() + first, solo.tokens.begin() + last},
                            {solo.top.begin() + first, solo.top.begin() + last}};
      ASSERT_EQ(found, expected) << "schedule " << seed << ", request " << request << " of kind "
                                 << at;
    }
  }
}

TEST(Schedule, ChangesNoAnswer) {
  compare_schedules({.threads = 2}, kSanitized ? 2 : proving() ? 500 : 20);
}

TEST(Schedule, ChangesNoAnswerWithKeysAndValuesAsIntegers) {
  compare_schedules({.threads = 2, .kv_int8 = true}, kSanitized ? 1 : proving() ? 100 : 5);
}

// Once a chunk had ended inside a block, the block after it was computed by whoever waited for it
// too.
TEST(Schedule, APrefixThatManyShareIsComputedOnce) {
  const Requests requests(nn::cpu_backend({.threads = 2}), 1, 1000);
  const int prompt = requests.sequence(1, 0)->prompt_tokens();
  ASSERT_GT(prompt, 500);
  ModelRunner runner = requests.runner({8, 50}, Requests::kPlenty, 1u << 30);
  for (int i = 0; i < 8; ++i) {
    auto sequence = requests.sequence(1, 0);
    sequence->request = std::to_string(i);
    runner.submit(std::move(sequence));
  }
  int computed = 0;
  while (!runner.idle()) {
    for (const SequenceEnd& end : runner.step().ended)
      computed += end.usage.prompt_tokens - end.usage.cached_tokens;
  }
  EXPECT_LE(computed, prompt + 8 * 64) << "the prompt, and of each a block that is not whole";
}

// No bits are promised with MLX's own operations, but the same answers to rounding.
TEST(Schedule, OnMlxsOperationsAnswersAreTheSameToRounding) {
  const Requests requests(nn::stock_backend(mx::float32), 1, 80);
  ModelRunner runner = requests.runner({32, 100}, Requests::kPlenty, 1u << 30);
  for (std::size_t round = 0; round < 2; ++round) {  // the second finds the first's prefixes
    std::map<std::string, Answer> answers;
    for (std::size_t i = 0; i < requests.count(); ++i) runner.submit(requests.sequence(i, 0));
    while (!runner.idle()) Requests::collect(runner.step(), answers);
    for (std::size_t i = 0; i < requests.count(); ++i) {
      const Answer &solo = requests.solo(i), &answer = answers.at(std::to_string(i));
      ASSERT_EQ(answer.tokens, solo.tokens) << i;
      for (std::size_t at = 0; at < solo.top.size(); ++at) {
        EXPECT_NEAR(answer.top[at].front().second, solo.top[at].front().second, kLogprobErrorMax)
            << i << " " << at;
      }
    }
  }
}

}  // namespace
}  // namespace sanctum::engine
