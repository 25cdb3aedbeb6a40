// sanctum-step-structure MODEL_DIR mlx|cpu SEQUENCES STEPS GRAPH.dot
//
// Decodes STEPS steps of SEQUENCES sequences with MLX's operations or our kernels, and prints
// {"evaluations": n}: how often the host handed MLX a graph in those steps and waited for it. The
// graph of one step goes to the file. What MLX compiles on a GPU it compiles here too, with the
// machine's compiler.
#include <mlx/graph_utils.h>
#include <mlx/mlx.h>

#include <fstream>
#include <iostream>
#include <string>

#include "engine/model_runner.h"
#include "models/registry.h"

namespace {

int evaluations = 0;
std::string graph_file;  // where the next graph goes; empty: nowhere

}  // namespace

// Stands in for MLX's own, for the engine too: the linker takes the program's.
void mlx::core::eval(std::vector<array> outputs) {
  ++evaluations;
  if (!graph_file.empty()) {
    std::ofstream out(graph_file);
    export_to_dot(out, outputs);
    graph_file.clear();
  }
  async_eval(outputs);
  for (array& output : outputs) output.wait();
}

// A CPU has no kernels for these, and MLX makes many nodes of each; a stand-in is the one node that
// a GPU runs. What it computes does not matter here.
namespace mlx::core::fast {

array rms_norm(const array& x, const std::optional<array>&, float, StreamOrDevice) {
  return abs(x);
}

array rope(const array& x, int, bool, std::optional<float>, float, const array& offset,
           const std::optional<array>&, StreamOrDevice) {
  return depends({abs(x)}, {offset}).front();
}

array scaled_dot_product_attention(const array& queries, const array& keys, const array& values,
                                   float, const std::string&, std::optional<array>,
                                   const std::optional<array>&, bool, StreamOrDevice) {
  return depends({abs(queries)}, {keys, values}).front();
}

}  // namespace mlx::core::fast

namespace {

using namespace sanctum;
namespace mx = mlx::core;

constexpr std::uint64_t kKvBytes = 64u << 20, kPrefixBytes = 32u << 20;
constexpr int kPromptTokens = 16, kGraphAt = 3;  // the step whose graph is written

std::unique_ptr<engine::Sequence> sequence(int number, int answer) {
  auto out = std::make_unique<engine::Sequence>();
  out->request = std::to_string(number + 1);
  for (int i = 0; i < kPromptTokens; ++i) {
    out->prompt.tokens.push_back(1 + number * kPromptTokens + i);
    out->prompt.positions.push_back({i, i, i});
  }
  out->sampling.temperature = 0;
  out->tokens_max = answer;
  return out;
}

void run(const std::string& directory, bool ours, int sequences, int steps,
         const std::string& file) {
  const nn::BackendPointer backend =
      ours ? nn::cpu_backend({.threads = 1}) : nn::stock_backend(mx::float32, /*fuses=*/true);
  std::shared_ptr<const models::Model> model =
      models::load_model(models::describe(directory), backend, [](std::uint64_t, std::uint64_t) {});
  auto memory = backend->kv_memory(model->traits().kv, kKvBytes, nn::kStepTokensUsual);
  engine::ModelRunner runner(model, backend, std::move(memory), {}, kPrefixBytes);
  for (int i = 0; i < sequences; ++i) runner.submit(sequence(i, kPromptTokens + steps));
  while (runner.step().tokens.size() < static_cast<std::size_t>(sequences)) {
  }
  evaluations = 0;
  for (int i = 0; i < steps; ++i) {
    if (i == kGraphAt) graph_file = file;
    runner.step();
  }
  std::cout << "{\"evaluations\": " << evaluations << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "usage: sanctum-step-structure MODEL_DIR mlx|cpu SEQUENCES STEPS GRAPH.dot\n";
    return 2;
  }
  try {
    run(argv[1], std::string(argv[2]) == "cpu", std::stoi(argv[3]), std::stoi(argv[4]), argv[5]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "sanctum-step-structure: " << error.what() << "\n";
    return 1;
  }
}
