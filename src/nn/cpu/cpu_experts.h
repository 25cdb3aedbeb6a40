// A mixture of experts with our kernels: routing and products in one node of the graph.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "nn/backend.h"
#include "nn/cpu/cpu_matrix.h"

namespace sanctum::nn {

// As Backend's refusal_of.
std::string refusal_of_experts(const StoredExperts& stored);

// They are not refused. `matrix`: makes each of the three as the backend makes its matrices.
std::shared_ptr<const Experts> cpu_experts(
    RuntimePointer runtime, StoredExperts stored,
    const std::function<std::shared_ptr<const Matrix>(StoredMatrix)>& matrix);

}  // namespace sanctum::nn
