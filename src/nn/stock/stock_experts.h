// A mixture of experts with MLX's operations.
#pragma once

#include <memory>

#include "nn/backend.h"

namespace sanctum::nn {

std::shared_ptr<const Experts> stock_experts(StoredExperts stored, const Backend& backend);

}  // namespace sanctum::nn
