// sanctum-delta-probe KEY_HEADS IN.safetensors OUT.safetensors: rows of one sequence through a
// gated delta layer behind its projections, with our kernels and with MLX's operations.
//
// IN, float32: qkv [rows, channels], a, b [rows, value_heads], z [rows, value_heads, value_size];
// the layer's conv, a_log, dt_bias and norm [value_size]; what the sequence has, conv_state [taps -
// 1, channels] and state [value_heads, value_size, key_size]. OUT: out (after the gated norm),
// conv_state and state, each named "cpu." and "mlx.".
#include <mlx/mlx.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <unordered_map>

#include "kernels/isa.h"
#include "nn/backend.h"
#include "nn/cpu/cpu_gated_delta.h"
#include "nn/stock/stock_gated_delta.h"

namespace {

using namespace sanctum;
namespace mx = mlx::core;

constexpr float kEps = 1e-6f;
using Arrays = std::unordered_map<std::string, mx::array>;

nn::DeltaStep with_kernels(const nn::DeltaShape& shape, const nn::DeltaWeights& weights,
                           const Arrays& in, const nn::DeltaState& before) {
  // Blocks of values' rows, and back.
  const int blocks = shape.value_dim() / kernels::kDeltaRows;
  const auto swapped = [](const mx::array& x, const mx::Shape& as, const mx::Shape& back) {
    return mx::contiguous(mx::reshape(mx::swapaxes(mx::reshape(x, as), 1, 2), back));
  };
  mx::array conv = mx::contiguous(before.conv);
  mx::array state = swapped(before.state, {blocks, kernels::kDeltaRows, shape.key_size},
                            {blocks, shape.key_size, kernels::kDeltaRows});
  const mx::array qkv = in.at("qkv");
  mx::eval(conv, state, qkv);
  std::vector<float> conv_numbers(conv.data<float>(), conv.data<float>() + conv.size());
  std::vector<float> numbers(state.data<float>(), state.data<float>() + state.size());
  const mx::array out = nn::gated_delta(
      std::make_shared<kernels::Runtime>(2, kernels::chosen_isa()), shape, weights, qkv, in.at("a"),
      in.at("b"), {{0, qkv.shape(0), conv_numbers.data(), numbers.data()}});
  mx::eval(out);
  return {out,
          {mx::array(conv_numbers.data(), conv.shape(), mx::float32),
           swapped(mx::array(numbers.data(), state.shape(), mx::float32),
                   {blocks, shape.key_size, kernels::kDeltaRows}, before.state.shape())}};
}

void run(int key_heads, const std::string& from, const std::string& to) {
  const nn::BackendPointer cpu = nn::cpu_backend({.threads = 2});
  const nn::BackendPointer mlx = nn::stock_backend(mx::float32);
  const Arrays in = mx::load_safetensors(from).first;
  const mx::array& state = in.at("state");
  const nn::DeltaShape shape{key_heads, state.shape(0), state.shape(2), state.shape(1),
                             in.at("conv_state").shape(0) + 1};
  const nn::DeltaWeights weights =
      nn::delta_weights(in.at("conv"), in.at("a_log"), in.at("dt_bias"));
  const nn::DeltaState before{in.at("conv_state"), state};
  Arrays out;
  const auto add = [&](const std::string& name, const nn::Backend& backend,
                       const nn::DeltaStep& step) {
    const mx::array normed = backend.rms_norm(step.out, in.at("norm"), kEps);
    out.insert({name + ".out", backend.gate(kernels::Activation::kSilu, in.at("z"), normed)});
    out.insert({name + ".conv_state", step.after.conv});
    out.insert({name + ".state", step.after.state});
  };
  add("cpu", *cpu, with_kernels(shape, weights, in, before));
  add("mlx", *mlx, nn::gated_delta(shape, weights, in.at("qkv"), in.at("a"), in.at("b"), before));
  mx::save_safetensors(to, out);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: sanctum-delta-probe KEY_HEADS IN.safetensors OUT.safetensors\n";
    return 2;
  }
  try {
    run(std::atoi(argv[1]), argv[2], argv[3]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "sanctum-delta-probe: " << error.what() << "\n";
    return 1;
  }
}
