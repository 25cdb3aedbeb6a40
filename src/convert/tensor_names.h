// What a checkpoint's tensors become in MLX's form, as mlx_lm's own models rename them.
//
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "convert/affine_quantize.h"
#include "convert/family.h"

namespace sanctum::convert {

// Throws Error(kInvalid) naming what mlx_lm cannot convert, Error(kCorrupt) naming experts that are
// not all there or not alike. An output head that is stored though config.json calls it tied is
// left out, and so is what is computed when a model is loaded.
Names named_tensors(const std::vector<StoredTensor>& stored, const Family& family,
                    const json::Node& config);

// Whether mlx_lm quantizes a module by its own choice, kRouter, whatever it is told.
bool is_router(const Family& family, const std::string& path);
inline constexpr Affine kRouter{8, 64};

}  // namespace sanctum::convert
