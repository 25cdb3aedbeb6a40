#include "models/model.h"

#include <mlx/ops.h>

#include "base/invariant.h"

namespace sanctum::models {

VisualFeatures Model::encode(const image::QwenPatches&) const {
  SANCTUM_INVARIANT(false, "a picture reached a model without a vision tower");
  std::abort();
}

mx::array wanted_rows(const mx::array& hidden, const std::vector<int>& logits_rows) {
  return mx::take(
      hidden, mx::array(logits_rows.begin(), {static_cast<int>(logits_rows.size())}, mx::int32), 0);
}

}  // namespace sanctum::models
