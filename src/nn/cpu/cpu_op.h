// A node of MLX's graph that code of ours computes, on the thread of the CPU's stream.
#pragma once

#include <mlx/array.h>

#include <functional>
#include <vector>

namespace sanctum::nn {

namespace mx = mlx::core;

// Called once, when the node is evaluated, with the data of the inputs and room for the output, or
// for the outputs. It must not throw: nobody could catch it there.
using CpuWork = std::function<void(const std::vector<const void*>& inputs, void* output)>;
using CpuWorkOfMany =
    std::function<void(const std::vector<const void*>& inputs, const std::vector<void*>& outputs)>;

// Inputs that do not lie row by row are copied when the node is evaluated, so that others cost no
// node.
mx::array cpu_op(std::vector<mx::array> inputs, mx::Shape shape, mx::Dtype dtype, CpuWork work);
// One output of `dtype` for each of the shapes.
std::vector<mx::array> cpu_op(const std::vector<mx::array>& inputs,
                              const std::vector<mx::Shape>& shapes, mx::Dtype dtype,
                              CpuWorkOfMany work);

}  // namespace sanctum::nn
