// sanctum-logits MODEL_DIR float32|bfloat16|float16|kernels|kernels8|kernels16|kv8 < request.json >
// logits.f32
//
// The model's logits for every token of one prompt, for comparison with a reference. The request is
// {"tokens": [...], "images": ["file", ...], "chunks": [n, ...], "beside": [[...], ...]}: `tokens`
// has one placeholder per picture; the prompt runs in steps of the given sizes, whose sum is the
// expanded prompt's length (one step when absent); other sequences of tokens beside it go along,
// one token in each step and what is left in the last. The first three compute with MLX's
// operations in that type, the others with our kernels, whose activations have 8 bits beside 4-bit
// weights and 16 beside 8-bit ones, or always as many; kv8: keys and values as integers. Output:
// float32 [tokens, vocabulary], native byte order.
#include <mlx/mlx.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "models/registry.h"

namespace {

using namespace sanctum;
namespace mx = mlx::core;

constexpr std::uint64_t kKvBytes = 1u << 30;

nn::BackendPointer backend(const std::string& arithmetic) {
  if (arithmetic.starts_with("kernels") || arithmetic == "kv8") {
    return nn::cpu_backend({.row_bits = arithmetic == "kernels16"  ? 16
                                        : arithmetic == "kernels8" ? 8
                                                                   : 0,
                            .kv_int8 = arithmetic == "kv8"});
  }
  return nn::stock_backend(arithmetic == "bfloat16"  ? mx::bfloat16
                           : arithmetic == "float16" ? mx::float16
                                                     : mx::float32);
}

// Another sequence, whose logits nobody wants.
struct Beside {
  std::vector<int> tokens;
  std::unique_ptr<nn::SequenceCache> cache;
  int fed = 0;

  void join(models::Step& step, std::vector<int>& all, bool last) {
    const int left = static_cast<int>(tokens.size()) - fed, n = last ? left : std::min(left, 1);
    if (n == 0) return;
    if (!cache->reserve(fed + n)) throw Error(ErrorCode::kTooLong, "what goes along is too long");
    step.slices.push_back(
        {static_cast<int>(all.size()), n, cache.get(), static_cast<int>(tokens.size())});
    for (int i = 0; i < n; ++i, ++fed) {
      all.push_back(tokens[static_cast<std::size_t>(fed)]);
      step.positions.push_back({fed, fed, fed});
    }
  }
};

void run(const std::string& directory, const std::string& arithmetic) {
  const json::Document request(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  const auto description = models::describe(directory);
  std::vector<int> ids;
  for (const auto& id : request.root().at("tokens").as_array())
    ids.push_back(static_cast<int>(id.as_int(0, description.vocabulary - 1)));
  std::vector<std::string> files;
  if (const auto images = request.root().get("images")) {
    for (const auto& image : images->as_array()) files.push_back(read_file(image.as_string()));
  }

  const nn::BackendPointer arithmetic_backend = backend(arithmetic);
  const auto model =
      models::load_model(description, arithmetic_backend, [](std::uint64_t, std::uint64_t) {});
  const models::Prompt prompt =
      models::load_processor(description)->prepare(ids, files, {}, description.context_tokens);
  const int total = static_cast<int>(prompt.tokens.size());

  std::vector<models::VisualFeatures> features;
  features.reserve(prompt.images.size());
  for (const auto& image : prompt.images) features.push_back(model->encode(*image.picture));

  std::vector<int> chunks{total};
  if (const auto node = request.root().get("chunks")) {
    chunks.clear();
    for (const auto& chunk : node->as_array())
      chunks.push_back(static_cast<int>(chunk.as_int(1, total)));
  }
  const auto memory =
      arithmetic_backend->kv_memory(model->traits().kv, kKvBytes, nn::kStepTokensUsual);
  const auto cache = memory->sequence();
  std::vector<Beside> beside;
  if (const auto others = request.root().get("beside")) {
    for (const auto& other : others->as_array()) {
      beside.push_back({{}, memory->sequence()});
      for (const auto& id : other.as_array())
        beside.back().tokens.push_back(static_cast<int>(id.as_int(0, description.vocabulary - 1)));
    }
  }
  int done = 0;
  for (std::size_t at = 0; at < chunks.size(); ++at) {
    const int n = chunks[at];
    models::Step step;
    std::vector<int> tokens(prompt.tokens.begin() + done, prompt.tokens.begin() + done + n);
    step.positions.assign(prompt.positions.begin() + done, prompt.positions.begin() + done + n);
    if (!cache->reserve(done + n)) throw Error(ErrorCode::kTooLong, "the prompt is too long");
    step.slices = {{0, n, cache.get(), total}};
    for (Beside& other : beside) other.join(step, tokens, at + 1 == chunks.size());
    step.tokens = models::token_ids(tokens);
    for (std::size_t i = 0; i < prompt.images.size(); ++i) {
      const int first = std::max(prompt.images[i].first, done);
      const int last = std::min(prompt.images[i].first + prompt.images[i].count, done + n);
      if (first < last) {
        step.visuals.push_back(
            {first - done, last - first, &features[i], first - prompt.images[i].first});
      }
    }
    step.logits_rows.resize(static_cast<std::size_t>(n));
    std::iota(step.logits_rows.begin(), step.logits_rows.end(), 0);
    mx::array logits = mx::contiguous(model->forward(step));
    for (const nn::Slice& slice : step.slices) slice.cache->advance(slice.count);
    mx::eval(logits);
    std::cout.write(reinterpret_cast<const char*>(logits.data<float>()),
                    static_cast<std::streamsize>(logits.nbytes()));
    done += n;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: sanctum-logits MODEL_DIR "
                 "float32|bfloat16|float16|kernels|kernels8|kernels16|kv8 < "
                 "request.json\n";
    return 2;
  }
  try {
    run(argv[1], argv[2]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "sanctum-logits: " << error.what() << "\n";
    return 1;
  }
}
